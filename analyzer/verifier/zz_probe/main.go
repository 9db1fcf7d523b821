package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier"
)

func main() {
	if verifier.IsGuest() {
		verifier.GuestMain()
	}
	out := os.Args[1]
	vm := os.Args[2]
	o := verifier.Options{Progress: os.Stderr, Timeout: 60 * time.Minute}
	if vm != "-" {
		o.VMs = []string{vm}
		o.Console, _ = os.Create(out + ".console")
	}
	r, err := verifier.Run(context.Background(), os.Args[3:], o)
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	k := r.Kernels[0]
	n := map[verifier.Verdict]int{}
	lock := 0
	for _, x := range k.Results {
		n[x.Verdict]++
		if len(x.Rules) > 0 {
			lock++
		}
	}
	fmt.Println(k.Release, n, "lock", lock, k.Time, "unreadable", len(k.Unreadable), k.Err)
	for _, u := range k.Unreadable {
		fmt.Println(u)
	}
	b, _ := json.MarshalIndent(k.Results, "", " ")
	os.WriteFile(out, b, 0o644)
}
