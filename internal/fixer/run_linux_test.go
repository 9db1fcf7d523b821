package fixer_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
	"github.com/google/go-cmp/cmp"
)

// TestAtomicFormsRun runs each form, on one CPU, before and after its fix: the
// results, the value and the variable are the same.
func TestAtomicFormsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("loads many programs")
	}
	if os.Geteuid() != 0 {
		t.Skip("loads programs: needs root")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Skip(err)
	}
	cc := clang(t)
	include := filepath.Join(repository(t), "testdata", "include")
	n := 0
	for _, tt := range forms {
		if tt.why != "" {
			continue
		}
		n++
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &project{dir: t.TempDir(), inputs: []string{"a.bpf.c"}}
			p.opts.IncludeDirs, p.opts.ExtraFlags = []string{include}, tt.flags
			path := filepath.Join(p.dir, "a.bpf.c")
			write(t, path, tt.text())
			flags := append([]string{"-mcpu=v3", "-I" + include}, tt.flags...)
			before := runProgram(t, cc, path, flags)
			p.fix(t, false)
			if d := cmp.Diff(before, runProgram(t, cc, path, flags)); d != "" {
				t.Errorf("the fix changes what the program does (-before +after):\n%s\n%s", d, program(read(t, path)))
			}
		})
	}
	if n < 50 {
		t.Errorf("%d forms have a fix", n)
	}
}

// outcome is what a program did.
type outcome struct {
	Results []uint32
	Value   string
	Total   string
}

// runProgram compiles a form, loads it and runs it on packets of some sizes.
func runProgram(t *testing.T, cc, path string, flags []string) (out outcome) {
	t.Helper()
	object := strings.TrimSuffix(path, ".c") + ".o"
	args := append([]string{"-target", "bpf", "-O2", "-g", "-c", path, "-o", object}, flags...)
	if msg, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	spec, err := ebpf.LoadCollectionSpec(object)
	if err != nil {
		t.Fatal(err)
	}
	coll, err := ebpf.NewCollection(spec)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer coll.Close()
	vals := coll.Maps["vals"]
	value := bytes.Repeat([]byte{0x35, 0x80, 0x01, 0xff}, int(vals.ValueSize())/4)
	if err := vals.Put(uint32(0), value); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{14, 15, 60, 1000} {
		ret, err := coll.Programs["count"].Run(&ebpf.RunOptions{Data: make([]byte, size)})
		if err != nil {
			t.Fatal(err)
		}
		out.Results = append(out.Results, ret)
	}
	if err := vals.Lookup(uint32(0), &value); err != nil {
		t.Fatal(err)
	}
	out.Value = fmt.Sprintf("%x", value)
	if total := coll.Variables["total"]; total != nil {
		var n uint64
		if err := total.Get(&n); err != nil {
			t.Fatal(err)
		}
		out.Total = fmt.Sprint(n)
	}
	return out
}

// TestRewritingsLoad gives what the fixes leave to the kernel's verifier. It
// refuses each program with a missing release or a call under a lock before.
func TestRewritingsLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("loads many programs")
	}
	if os.Geteuid() != 0 {
		t.Skip("loads programs: needs root")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Skip(err)
	}
	if _, err := btf.LoadKernelSpec(); err != nil {
		t.Skip(err)
	}
	cc := clang(t)
	include := filepath.Join(repository(t), "testdata", "include")
	for _, tt := range rewritings {
		if tt.why != "" {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &project{dir: t.TempDir(), inputs: []string{"a.bpf.c"}}
			p.opts.IncludeDirs = []string{include}
			path := filepath.Join(p.dir, "a.bpf.c")
			write(t, path, tt.text())
			before := loadable(t, cc, path, include)
			if missing(before) {
				t.Skipf("this kernel: %v", before)
			}
			if before == nil && tt.rule != "BLC103" {
				t.Error("the kernel takes the program before the fix")
			}
			p.fix(t, true)
			if err := loadable(t, cc, path, include); err != nil {
				t.Errorf("after the fix: %+v\n%s", err, read(t, path)[len(rewritingHead):])
			}
		})
	}
}

// missing reports whether the kernel lacks what a program calls or attaches to.
func missing(err error) bool {
	return err != nil && (errors.Is(err, btf.ErrNotFound) || errors.Is(err, ebpf.ErrNotSupported) || strings.Contains(err.Error(), "not found"))
}

// loadable compiles a file and loads its programs.
func loadable(t *testing.T, cc, path, include string) error {
	t.Helper()
	object := strings.TrimSuffix(path, ".c") + ".o"
	if msg, err := exec.Command(cc, "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-D__TARGET_ARCH_x86", "-I"+include, "-c", path, "-o", object).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	spec, err := ebpf.LoadCollectionSpec(object)
	if err != nil {
		return err
	}
	spec.Variables = nil // a section that holds a lock cannot be mapped
	coll, err := ebpf.NewCollection(spec)
	if err != nil {
		return err
	}
	coll.Close()
	return nil
}
