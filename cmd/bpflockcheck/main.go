// Command bpflockcheck finds concurrency bugs in BPF programs.
package main

import (
	"os"

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
		os.Exit(cli.Standard().Main(args))
	}
}
