package kernel

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// running gives the version of the kernel that the test runs on; the test is
// skipped without the right to load programs.
func running(t *testing.T) Version {
	t.Helper()
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Skip(err)
	}
	v, err := ParseVersion(strings.TrimSpace(string(b)))
	if err != nil {
		t.Skip(err)
	}
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}})
	if err != nil {
		t.Skipf("cannot load programs: %v", err)
	}
	_ = p.Close()
	return v
}

// lockValue is struct { struct bpf_spin_lock l; u32 n; }.
func lockValue() btf.Type {
	u32 := &btf.Int{Name: "unsigned int", Size: 4}
	lock := &btf.Struct{Name: "bpf_spin_lock", Size: 4, Members: []btf.Member{{Name: "val", Type: u32}}}
	return &btf.Struct{Name: "val", Size: 8, Members: []btf.Member{{Name: "l", Type: lock}, {Name: "n", Type: u32, Offset: 32}}}
}

func lockMap(typ ebpf.MapType) (*ebpf.Map, error) {
	spec := &ebpf.MapSpec{Type: typ, KeySize: 4, ValueSize: 8, MaxEntries: 4,
		Key: &btf.Int{Name: "unsigned int", Size: 4}, Value: lockValue()}
	switch typ {
	case ebpf.SkStorage, ebpf.TaskStorage, ebpf.InodeStorage, ebpf.CgroupStorage, ebpf.CGroupStorage, ebpf.PerCPUCGroupStorage:
		spec.MaxEntries, spec.Flags = 0, NoPrealloc
	case ebpf.LPMTrie:
		spec.KeySize, spec.Flags = 8, NoPrealloc
		spec.Key = &btf.Struct{Name: "key", Size: 8, Members: []btf.Member{
			{Name: "len", Type: &btf.Int{Name: "unsigned int", Size: 4}},
			{Name: "data", Type: &btf.Int{Name: "unsigned int", Size: 4}, Offset: 32}}}
	}
	if typ == ebpf.CGroupStorage || typ == ebpf.PerCPUCGroupStorage {
		spec.KeySize, spec.Key, spec.Flags = 8, &btf.Int{Name: "unsigned long long", Size: 8}, 0
	}
	return ebpf.NewMap(spec)
}

// Which map types the running kernel lets hold a lock.
func TestLiveMayHoldSpinLock(t *testing.T) {
	v := running(t)
	for _, mt := range []MapType{MapTypeHash, MapTypeArray, MapTypeLRUHash, MapTypePercpuHash, MapTypePercpuArray,
		MapTypeLRUPercpuHash, MapTypeLPMTrie, MapTypeSkStorage, MapTypeTaskStorage, MapTypeInodeStorage, MapTypeCgrpStorage,
		MapTypeCgroupStorage, MapTypePercpuCgroupStorage} {
		m, err := lockMap(ebpf.MapType(mt))
		want := MayHoldSpinLock(mt, v)
		switch {
		case err == nil:
			_ = m.Close()
			if !want {
				t.Errorf("%s: the kernel makes the map", mt)
			}
		case want && errors.Is(err, ebpf.ErrNotSupported):
			t.Errorf("%s: the kernel refuses the map: %v", mt, err)
		case want:
			// The type itself may be missing (CONFIG_BPF_LSM, cgroups).
			t.Logf("%s: %v", mt, err)
		}
	}
}

// Which program types the running kernel lets refer to a map with a lock.
func TestLiveMayUseSpinLock(t *testing.T) {
	v := running(t)
	m, err := lockMap(ebpf.Array)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, tc := range []struct {
		sec    string
		attach ebpf.AttachType
		flags  uint32
		to     string
	}{
		{sec: "socket"}, {sec: "kprobe/x"}, {sec: "tp/x/y"}, {sec: "perf_event"}, {sec: "raw_tp/x"}, {sec: "raw_tp.w/x"},
		{sec: "xdp"}, {sec: "tc"}, {sec: "action"}, {sec: "cgroup/skb"}, {sec: "sk_msg"}, {sec: "sk_skb"}, {sec: "sockops"},
		{sec: "lwt_in"}, {sec: "lwt_out"}, {sec: "lwt_xmit"}, {sec: "lwt_seg6local"}, {sec: "flow_dissector"},
		{sec: "cgroup/dev"}, {sec: "cgroup/sysctl"}, {sec: "cgroup/sock"},
		{sec: "cgroup/getsockopt", attach: ebpf.AttachCGroupGetsockopt},
		{sec: "cgroup/connect4", attach: ebpf.AttachCGroupInet4Connect},
		{sec: "uprobe.s/x", flags: 16}, {sec: "syscall", flags: 16},
		{sec: "tp_btf/sys_enter", attach: ebpf.AttachTraceRawTp, to: "sys_enter"},
	} {
		info := ParseSection(tc.sec)
		p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.ProgramType(info.Type), AttachType: tc.attach, AttachTo: tc.to,
			Flags: tc.flags, License: "GPL", Instructions: asm.Instructions{
				asm.LoadMapPtr(asm.R1, m.FD()), asm.Mov.Imm(asm.R0, 0), asm.Return()}})
		ok, text := MayUseSpinLock(info, v)
		switch {
		case err == nil:
			_ = p.Close()
			if !ok {
				t.Errorf("%s: the kernel loads it", tc.sec)
			}
		case ok && strings.Contains(err.Error(), "cannot use bpf_spin_lock"):
			t.Errorf("%s: %v", tc.sec, err)
		case ok:
			t.Logf("%s: %v", tc.sec, err)
		case !strings.Contains(err.Error(), text):
			t.Errorf("%s: refused with %v, want %q", tc.sec, err, text)
		}
	}
}

// A kfunc that the running kernel has must not be said to be newer, and takes
// as many arguments as the table says.
func TestLiveKfuncs(t *testing.T) {
	v := running(t)
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip(err)
	}
	found := 0
	for i := range kfuncTable {
		k := &kfuncTable[i]
		var fn *btf.Func
		if spec.TypeByName(k.Name, &fn) != nil {
			continue
		}
		found++
		if v.Less(k.Since) {
			t.Errorf("%s: since %s, but %s has it", k.Name, k.Since, v)
		}
		if n := len(fn.Type.(*btf.FuncProto).Params); n != len(k.Args) && k.Args != nil {
			t.Errorf("%s: %d arguments, want %d", k.Name, len(k.Args), n)
		}
	}
	if found == 0 {
		t.Skip("this kernel has none of them")
	}
}

// Helper numbers and names are the kernel's own, as its BTF has the enum.
func TestLiveHelpers(t *testing.T) {
	v := running(t)
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip(err)
	}
	var e *btf.Enum
	if err := spec.TypeByName("bpf_func_id", &e); err != nil {
		t.Skip(err)
	}
	have := map[int]string{}
	for _, x := range e.Values {
		if n, ok := strings.CutPrefix(x.Name, "BPF_FUNC_"); ok && n != "unspec" {
			have[int(x.Value)] = "bpf_" + n
		}
	}
	for n, name := range have {
		if got := Helper(n).Name(); got != name {
			t.Errorf("helper %d is %s, the kernel's is %s", n, got, name)
		}
	}
	for h := 1; h < len(helpers); h++ {
		if since := helpers[h].Since; have[h] == "" && !v.Less(since) {
			t.Errorf("%s: since %s, but %s does not have it", helpers[h].Name, since, v)
		}
	}
}

// The same for map and program types.
func TestLiveEnums(t *testing.T) {
	running(t)
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip(err)
	}
	for name, show := range map[string]func(uint64) string{
		"bpf_map_type":  func(n uint64) string { return "BPF_MAP_TYPE_" + strings.ToUpper(MapType(n).String()) },
		"bpf_prog_type": func(n uint64) string { return "BPF_PROG_TYPE_" + strings.ToUpper(ProgType(n).String()) },
	} {
		var e *btf.Enum
		if err := spec.TypeByName(name, &e); err != nil {
			t.Skip(err)
		}
		for _, x := range e.Values {
			if strings.HasPrefix(x.Name, "__MAX") || strings.HasSuffix(x.Name, "_DEPRECATED") {
				continue
			}
			if got := show(x.Value); got != x.Name {
				t.Errorf("%s %d is %s, the kernel's is %s", name, x.Value, got, x.Name)
			}
		}
	}
}
