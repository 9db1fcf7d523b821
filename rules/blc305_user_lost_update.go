package rules

import "github.com/bpflockcheck/bpflockcheck/analyzer/diag"

var userLostUpdate = &Rule{
	ID: "BLC305", Name: "user-lost-update", Severity: diag.Warning,
	Summary: "Go code looks a value up, changes it and writes it back, while BPF code also writes it",
}
