// Command bpflockcheck finds concurrency bugs in BPF programs.
package main

import (
	"os"

	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier"
	"github.com/bpflockcheck/bpflockcheck/internal/cli"
)

func main() {
	// "verify --vm" boots kernels with this program as their /init.
	if verifier.IsGuest() {
		verifier.GuestMain()
	}
	os.Exit(cli.Standard().Main(os.Args[1:]))
}
