package btfheader

import (
	"os"
	"strings"
	"testing"
)

func TestKernelBTF(t *testing.T) {
	const path = "/sys/kernel/btf/vmlinux"
	if _, err := os.Stat(path); err != nil {
		t.Skip("no kernel BTF here")
	}
	h, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"task_struct", "list_head", "bpf_map_type", "sk_buff", "tcphdr"} {
		found := ""
		h.Tag(tag, func(id int) { found = h.declaration(id) })
		if !strings.Contains(found, tag+" {") {
			t.Errorf("%s: %q", tag, found)
		}
		t.Log(found[:min(len(found), 700)])
	}
	for _, name := range []string{"BPF_MAP_TYPE_HASH", "u64", "bpf_task_acquire"} {
		found := ""
		h.Name(name, func(id int) { found = h.declaration(id) })
		if !strings.Contains(found, name) {
			t.Errorf("%s: %q", name, found)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("/sys/kernel/btf/vmlinux"); err != nil {
			b.Skip(err)
		}
	}
}
