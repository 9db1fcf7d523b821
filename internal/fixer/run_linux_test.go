package fixer_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
	"github.com/google/go-cmp/cmp"
)

// TestAtomicFormsRun runs each form, on one CPU, before and after its fix: the
// results, the value and the variable are the same.
func TestAtomicFormsRun(t *testing.T) {
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
