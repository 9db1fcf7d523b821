package gomap

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/bpflockcheck/bpflockcheck/analyzer/object"
)

// TestKernelAgrees: the running kernel accepts BPF_F_LOCK on exactly the maps
// in which a lock was found.
func TestKernelAgrees(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("creates maps: needs root")
	}
	name := filepath.Join(testModule(t), "flows", "flows_bpfel.o")
	u, err := object.Load(context.Background(), name, object.Config{})
	if err != nil {
		t.Fatal(err)
	}
	spec, err := ebpf.LoadCollectionSpec(name)
	if err != nil {
		t.Fatal(err)
	}
	infos := mapsOf(u, nil, "flows", func(s string) string { return s })
	if len(infos) != len(spec.Maps) {
		t.Errorf("%d maps, the loader sees %d", len(infos), len(spec.Maps))
	}
	for _, info := range infos {
		ms := spec.Maps[info.Name]
		m, err := ebpf.NewMap(ms)
		if errors.Is(err, os.ErrPermission) {
			t.Skip(err)
		}
		if err != nil {
			t.Errorf("%s: %v", info.Name, err)
			continue
		}
		err = m.LookupWithFlags(uint32(0), make([]byte, ms.ValueSize), ebpf.LookupLock)
		if accepted := !errors.Is(err, unix.EINVAL); accepted != (info.Lock != "") {
			t.Errorf("%s: lock %q, but a lookup with BPF_F_LOCK gives %v", info.Name, info.Lock, err)
		}
		m.Close()
	}
}
