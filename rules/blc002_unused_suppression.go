package rules

import "github.com/bpflockcheck/bpflockcheck/analyzer/diag"

// unusedSuppression is found where suppressions are applied, after all other
// rules.
var unusedSuppression = &Rule{
	ID: "BLC002", Name: "unused-suppression", Severity: diag.Warning,
	Summary: "a suppression comment suppresses nothing",
}
