package rules

import "github.com/bpflockcheck/bpflockcheck/analyzer/diag"

// The rules on Go userspace have no Check: package gomap reports them.
var lookupWithoutFLock = &Rule{
	ID: "BLC301", Name: "lookup-without-f-lock", Severity: diag.Warning,
	Summary: "a Go lookup, without BPF_F_LOCK, of a map whose value holds a bpf_spin_lock",
}
