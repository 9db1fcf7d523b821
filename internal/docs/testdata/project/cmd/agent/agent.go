// Command agent prints how many tokens are left.
package main

import (
	"fmt"
	"os"

	"github.com/cilium/ebpf"
)

type limit struct {
	Lock    uint32
	_       [4]byte
	Tokens  uint64
	Refills uint64
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	coll, err := ebpf.LoadCollection("../../prog.bpf.o")
	if err != nil {
		return err
	}
	defer coll.Close()
	var l limit
	if err := coll.Maps["limits"].Lookup(uint32(0), &l); err != nil {
		return err
	}
	fmt.Println(l.Tokens, "tokens")
	return nil
}
