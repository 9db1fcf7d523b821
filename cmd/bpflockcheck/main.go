// Command bpflockcheck finds concurrency bugs in BPF programs.
package main

import (
	"os"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
)

func main() { os.Exit(cli.Standard().Main(os.Args[1:])) }
