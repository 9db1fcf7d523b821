// Package gomap judges Go userspace code that reads and writes BPF maps: rules
// BLC301 to BLC305.
//
// The kernel never asks for BPF_F_LOCK. A lookup without it of a value that
// programs write under its bpf_spin_lock succeeds and may be torn; the flag on
// a map without a lock is EINVAL. So the Go code alone says little: what
// counts is the map, and the map is declared in C. The package has two halves.
//
// The evidence half finds the C side of a Go package, its companions: objects
// named by go:embed, the C source named by a go:generate bpf2go line, objects
// named by a constant argument of a loader ([companions]). Each is lowered by
// the project's own front ends and reduced to a [MapInfo] per map. Where there
// is no companion, the shape of the value's Go type is a weaker hint.
//
// The flow half works on go/ssa. It asks of each call of a map library's
// method which maps its receiver may be. Origins (a struct tag, a constant
// index of Collection.Maps, a parameter ...) are propagated through the
// package, insensitive to the order of statements and field-based ([flow]). A
// call on a parameter becomes part of the function's summary and is judged
// where the function is called, in this package or, through facts, in others.
//
// The analyzer runs under three drivers: [Check] for the command line,
// [VetMain] for go vet -vettool, and golangci-lint through the plugin module.
package gomap
