package rules

import "github.com/bpflockcheck/bpflockcheck/analyzer/diag"

var iterateWithoutFLock = &Rule{
	ID: "BLC303", Name: "iterate-without-f-lock", Severity: diag.Warning,
	Summary: "a Go iteration or batch, without BPF_F_LOCK, over a map whose value holds a bpf_spin_lock",
}
