// Package analyzer finds concurrency bugs in BPF programs. It is the public
// API: the command line, the language server and CI integrations are built on
// [Check].
//
//	res, err := analyzer.Check(ctx, []string{"./bpf"}, analyzer.Options{})
//
// Inputs are found (discover.go), each is read into package ir by a front end,
// interpreted by package flow, and judged by package rules, several at a time
// (pipeline.go). What the units say is then put together: one finding a bug
// however many units show it (merge.go), less what comments silence
// (suppression.go) and what was not asked for (selection.go), in a total order.
package analyzer
