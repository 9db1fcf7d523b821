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

// blob makes raw BTF of types, given as 32-bit words, and strings.
func blob(strs string, words ...uint32) []byte {
	var types []byte
	for _, w := range words {
		types = le.AppendUint32(types, w)
	}
	b := le.AppendUint16(nil, 0xeb9f)
	b = append(b, 1, 0)
	for _, w := range []uint32{24, 0, uint32(len(types)), uint32(len(types)), uint32(len(strs))} {
		b = le.AppendUint32(b, w)
	}
	return append(append(b, types...), strs...)
}

// head is the head of a type.
func head(name uint32, kind, vlen int, arg uint32) []uint32 {
	return []uint32{name, uint32(kind)<<24 | uint32(vlen), arg}
}

func TestRender(t *testing.T) {
	strs := "\x00int\x00s\x00a\x00p\x00fn\x00arr\x00E\x00ONE\x00t\x00"
	off := func(s string) uint32 { return uint32(strings.Index(strs, "\x00"+s+"\x00") + 1) }
	var w []uint32
	add := func(parts ...[]uint32) {
		for _, p := range parts {
			w = append(w, p...)
		}
	}
	add(head(off("int"), kInt, 0, 4), []uint32{0x01000020})                                                               // 1 int
	add(head(0, kPtr, 0, 1))                                                                                              // 2 int *
	add(head(0, kArray, 0, 0), []uint32{2, 1, 3})                                                                         // 3 int *[3]
	add(head(0, kFuncProto, 2, 2), []uint32{0, 1, 0, 0})                                                                  // 4 int *(int, ...)
	add(head(0, kPtr, 0, 4))                                                                                              // 5 pointer to it
	add(head(off("E"), kEnum, 1, 4), []uint32{off("ONE"), 1})                                                             // 6 enum E
	add(head(off("s"), kStruct, 4, 64), []uint32{off("a"), 1, 0, off("p"), 5, 64, off("arr"), 3, 128, off("fn"), 6, 384}) // 7
	add(head(off("t"), kTypedef, 0, 7))                                                                                   // 8
	h, err := New(blob(strs, w...))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[int]string{
		6: "enum E { ONE = 1,};",
		7: "struct s { int a; int *(*p)(int, ...); int *arr[3]; unsigned char __pad0[8]; enum E fn; unsigned char __pad1[12];};",
		8: "typedef struct s t;",
	} {
		if got := h.declaration(id); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestHostile(t *testing.T) {
	// A function type that takes itself many times over.
	var w []uint32
	w = append(w, head(0, kFuncProto, 8, 0)...)
	for range 8 {
		w = append(w, 0, 2)
	}
	w = append(w, head(0, kPtr, 0, 1)...)
	w = append(w, head(1, kTypedef, 0, 2)...)
	h, err := New(blob("\x00x\x00", w...))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(h.Tokens(3)); n > 1<<20 {
		t.Errorf("%d tokens", n)
	}
	for _, data := range [][]byte{nil, []byte("text"), blob("\x00")[:20], blob("\x00", 0, 0xff<<24, 0), blob("\x00", 1, 4<<24|100, 0)} {
		if _, err := New(data); err == nil {
			t.Errorf("%q is taken for BTF", data)
		}
	}
}

func FuzzNew(f *testing.F) {
	f.Add(blob("\x00a\x00", append(head(1, kStruct, 1, 4), 1, 1, 0)...))
	f.Add(blob("\x00a\x00", append(head(1, kTypedef, 0, 2), head(0, kPtr, 0, 1)...)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := New(data)
		if err != nil {
			return
		}
		for id := range min(h.Len(), 50) {
			h.Tokens(id)
		}
	})
}
