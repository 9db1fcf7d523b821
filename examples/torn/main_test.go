package main

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestDemonstration runs the demonstration on the running kernel.
func TestDemonstration(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	if runtime.NumCPU() < 2 {
		t.Skip("needs two CPUs")
	}
	var err error
	// A race is a matter of luck: give it some.
	for _, d := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 8 * time.Second} {
		var res *result
		if res, err = demonstrate(d); errors.Is(err, os.ErrPermission) {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
		res.print(os.Stderr)
		if res.lockedTorn != 0 {
			t.Fatalf("%d of %d reads with BPF_F_LOCK were torn", res.lockedTorn, res.lockedReads)
		}
		if err = res.check(); err == nil {
			return
		}
	}
	t.Error(err)
}
