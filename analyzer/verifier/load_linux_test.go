package verifier

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRunHere(t *testing.T) {
	locks, load := compile(t, "locks"), compile(t, "load")
	broken := filepath.Join(t.TempDir(), "broken.o")
	if err := os.WriteFile(broken, []byte("\x7fELF and nothing more"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	r, err := Run(t.Context(), []string{locks, load, broken, "/no/such/file.o"}, Options{})
	if errors.Is(err, ErrPrivilege) || errors.Is(err, ErrNoBPF) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	k := &r.Kernels[0]
	if len(k.Unreadable) != 2 || k.Unreadable[0].Object != broken || k.Unreadable[0].Reason == "" {
		t.Errorf("unreadable: %v", k.Unreadable)
	}
	k.Unreadable = nil
	checkVerdicts(t, k, locks, load)
	if after := openFiles(t); after > before+2 {
		t.Errorf("%d files open before, %d after: programs or maps are not closed", before, after)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	es, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(es)
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := Run(ctx, []string{"x.o"}, Options{})
	if errors.Is(err, ErrPrivilege) || errors.Is(err, ErrNoBPF) {
		t.Skip(err)
	}
	if err != nil || !errors.Is(r.Kernels[0].Err, context.Canceled) {
		t.Errorf("%v, %v", err, r)
	}
}
