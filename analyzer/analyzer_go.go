package analyzer

import "github.com/bpflockcheck/bpflockcheck/analyzer/gomap"

// Analyzer checks Go code that reads and writes BPF maps: the go/analysis entry
// for go vet and golangci-lint.
var Analyzer = gomap.Analyzer
