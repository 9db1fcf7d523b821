// Command bpflockcheck finds concurrency bugs in BPF programs.
package main

import (
	"os"
	"runtime/debug"

	"github.com/bpflockcheck/bpflockcheck/analyzer/gomap"
	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier"
	"github.com/bpflockcheck/bpflockcheck/internal/cli"
)

func main() {
	switch args := os.Args[1:]; {
	case verifier.IsGuest(): // /init of a virtual machine
		verifier.GuestMain()
	case gomap.IsVetInvocation(args): // go vet -vettool
		gomap.VetMain()
	default:
		if os.Getenv("GOGC") == "" {
			// Most runs are over before the heap is worth collecting; a long one
			// collects as always from a few times its live size on.
			debug.SetGCPercent(400)
		}
		os.Exit(cli.Standard().Main(args))
	}
}
