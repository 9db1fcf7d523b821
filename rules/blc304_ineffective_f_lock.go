package rules

import "github.com/bpflockcheck/bpflockcheck/analyzer/diag"

var ineffectiveFLock = &Rule{
	ID: "BLC304", Name: "ineffective-f-lock", Severity: diag.Error,
	Summary: "BPF_F_LOCK in Go code where it does nothing or fails",
}
