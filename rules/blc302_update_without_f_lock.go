package rules

import "github.com/bpflockcheck/bpflockcheck/analyzer/diag"

var updateWithoutFLock = &Rule{
	ID: "BLC302", Name: "update-without-f-lock", Severity: diag.Warning,
	Summary: "a Go update, without BPF_F_LOCK, of a map whose value holds a bpf_spin_lock",
}
