package main

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
)

func dump(u *ir.Unit) {
	for _, g := range u.Globals {
		fmt.Printf("GLOBAL %s sec=%s const=%v type=%v size=%d\n", g.Name, g.Section, g.Const, g.Type, g.Size)
	}
	for _, f := range u.Funcs {
		fmt.Println(f.String())
	}
}
