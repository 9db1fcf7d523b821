package kernel

import (
	"strings"
	"testing"
)

func TestMapTypeNames(t *testing.T) {
	if s := MapTypePercpuArray.String(); s != "percpu_array" {
		t.Errorf("a per-CPU array is %q", s)
	}
	if s := MapType(9999).String(); s != "map_type_9999" {
		t.Errorf("an unknown type is %q", s)
	}
	if MapTypeArena != 33 || MapTypeRingbuf != 27 {
		t.Error("numbers moved")
	}
}

// The table is indexed by constants; a hole or a shifted row would go
// unnoticed by the compiler.
func TestHelperTable(t *testing.T) {
	for h := Helper(1); int(h) < len(helpers); h++ {
		info, ok := h.Info()
		if !ok {
			t.Errorf("helper %d has no row", h)
			continue
		}
		if back, ok := HelperByName(info.Name); !ok || back != h {
			t.Errorf("HelperByName(%s) = %d, want %d", info.Name, back, h)
		}
		if info.Since == (Version{}) {
			t.Errorf("%s: no release", info.Name)
		}
		for i, a := range info.Args {
			if a.Kind == ArgMem && (i+1 == len(info.Args) || info.Args[i+1].Kind != ArgSize) {
				t.Errorf("%s: argument %d is memory without a size after it", info.Name, i)
			}
			if a.Kind == ArgFixedMem && a.Size <= 0 {
				t.Errorf("%s: argument %d has no size", info.Name, i)
			}
		}
		if cb := info.Callback; cb != nil {
			if info.Args[cb.Func].Kind != ArgCallback {
				t.Errorf("%s: argument %d is no callback", info.Name, cb.Func)
			}
			if cb.Ctx >= 0 && info.Args[cb.Ctx].Kind != ArgCallbackCtx {
				t.Errorf("%s: argument %d is not passed on", info.Name, cb.Ctx)
			}
		}
	}
	for _, tc := range []struct {
		h    Helper
		want string
	}{
		{1, "bpf_map_lookup_elem"}, {2, "bpf_map_update_elem"}, {14, "bpf_get_current_pid_tgid"}, {93, "bpf_spin_lock"},
		{94, "bpf_spin_unlock"}, {131, "bpf_ringbuf_reserve"}, {181, "bpf_loop"}, {211, "bpf_cgrp_storage_delete"},
		{0, "helper#0"}, {4711, "helper#4711"}, {-1, "helper#-1"},
	} {
		if got := tc.h.Name(); got != tc.want {
			t.Errorf("helper %d is %s, want %s", int(tc.h), got, tc.want)
		}
	}
	if !Sleepable(HelperCopyFromUser) || Sleepable(HelperMapLookupElem) {
		t.Error("Sleepable")
	}
	if SleepableIn(HelperGetStack, false, Version{6, 12}) || !SleepableIn(HelperGetStack, true, Version{6, 12}) {
		t.Error("SleepableIn(bpf_get_stack)")
	}
}

func TestKfuncTable(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kfuncTable {
		if seen[k.Name] {
			t.Errorf("%s twice", k.Name)
		}
		seen[k.Name] = true
		if k.Since == (Version{}) {
			t.Errorf("%s: no release", k.Name)
		}
		for i, a := range k.Args {
			if a.Kind == ArgMem && (i+1 == len(k.Args) || k.Args[i+1].Kind != ArgSize) {
				t.Errorf("%s: argument %d is memory without a size after it", k.Name, i)
			}
		}
		if k.Callback != nil && k.Args[k.Callback.Func].Kind != ArgCallback {
			t.Errorf("%s: argument %d is no callback", k.Name, k.Callback.Func)
		}
	}
	if k := KfuncByName("bpf_obj_new"); k == nil || k.Class != KfuncObjNew {
		t.Error("bpf_obj_new is not bpf_obj_new_impl")
	}
	if k := KfuncByName("bpf_task_acquire___one"); k == nil || k.Name != "bpf_task_acquire" {
		t.Error("flavours are not stripped")
	}
	if KfuncByName("no_such_kfunc") != nil {
		t.Error("a kfunc that is none")
	}
}

func TestMayHoldSpinLock(t *testing.T) {
	v61, v612, v618 := Version{6, 1}, Version{6, 12}, Version{6, 18}
	for _, tc := range []struct {
		t                MapType
		v61, v612, v618  bool
		res612, resOn618 bool
	}{
		{MapTypeHash, true, true, true, false, true},
		{MapTypeArray, true, true, true, false, true},
		{MapTypeCgroupStorage, true, true, true, false, true},
		{MapTypeSkStorage, true, true, true, false, true},
		{MapTypeInodeStorage, true, true, true, false, true},
		{MapTypeTaskStorage, true, true, true, false, true},
		{MapTypeCgrpStorage, false, true, true, false, true},
		{MapTypePercpuArray, false, false, false, false, false},
		{MapTypePercpuHash, false, false, false, false, false},
		{MapTypeLRUHash, false, false, false, false, false},
		{MapTypeLRUPercpuHash, false, false, false, false, false},
		{MapTypeLPMTrie, false, false, false, false, false},
		{MapTypeQueue, false, false, false, false, false},
		{MapTypeBloomFilter, false, false, false, false, false},
	} {
		if MayHoldSpinLock(tc.t, v61) != tc.v61 || MayHoldSpinLock(tc.t, v612) != tc.v612 || MayHoldSpinLock(tc.t, v618) != tc.v618 {
			t.Errorf("%s: bpf_spin_lock", tc.t)
		}
		if MayHoldResSpinLock(tc.t, v612) != tc.res612 || MayHoldResSpinLock(tc.t, v618) != tc.resOn618 {
			t.Errorf("%s: bpf_res_spin_lock", tc.t)
		}
	}
	if MayHoldSpinLock(MapTypeHash, Version{5, 0}) {
		t.Error("bpf_spin_lock on 5.0")
	}
}

func TestUpdateFailure(t *testing.T) {
	for _, tc := range []struct {
		t    MapType
		v    Version
		nmi  bool
		want Failure
	}{
		{MapTypeHash, Version{6, 1}, false, FailBusy},
		{MapTypeHash, Version{6, 15}, false, FailDeadlock},
		{MapTypeHash, Version{5, 4}, false, FailHang},
		{MapTypeLRUHash, Version{6, 12}, false, FailHang},
		{MapTypeLRUHash, Version{6, 18}, true, FailDeadlock},
		{MapTypeLPMTrie, Version{6, 12}, true, FailHang},
		{MapTypeQueue, Version{6, 1}, true, FailBusy},
		{MapTypeQueue, Version{6, 1}, false, FailHang},
		{MapTypeStack, Version{6, 18}, false, FailDeadlock},
		{MapTypeRingbuf, Version{6, 1}, true, FailNull},
		{MapTypeTaskStorage, Version{6, 1}, false, FailBusy},
		{MapTypeArray, Version{6, 1}, true, FailNever},
		{MapTypePercpuArray, Version{6, 1}, true, FailNever},
	} {
		if got := UpdateFailure(tc.t, tc.v, tc.nmi); got != tc.want {
			t.Errorf("%s on %s (NMI %v): %v, want %v", tc.t, tc.v, tc.nmi, got, tc.want)
		}
	}
}

func TestAllowedInCriticalSection(t *testing.T) {
	helper := func(h Helper) Target { return Target{Kind: TargetHelper, Helper: h} }
	kfunc := func(n string) Target { return Target{Kind: TargetKfunc, Kfunc: n} }
	static, global := Target{Kind: TargetStatic}, Target{Kind: TargetGlobal}
	sleeping := Target{Kind: TargetGlobal, MaySleep: true}
	ld := Target{Kind: TargetPacketLoad}
	const lock = callInLock
	for _, tc := range []struct {
		name              string
		t                 Target
		s                 Section
		on61, on612, on18 string // "" is allowed, "*" any refusal, "-" does not exist there
	}{
		{"unlock", helper(HelperSpinUnlock), InLock, "", "", ""},
		{"lock", helper(HelperSpinLock), InLock, lock, lock, lock},
		{"cpu id", helper(HelperGetSmpProcessorId), InLock, lock, lock, lock},
		{"ktime", helper(HelperKtimeGetNs), InLock, lock, lock, lock},
		{"lookup", helper(HelperMapLookupElem), InLock, lock, lock, lock},
		{"kptr_xchg", helper(HelperKptrXchg), InLock, lock, lock, lock},
		{"loop", helper(HelperLoop), InLock, lock, lock, lock},
		{"tail call", helper(HelperTailCall), InLock, lock, lock, lock},
		{"static", static, InLock, lock, "", ""},
		{"global", global, InLock, lock, "*", "*"},
		{"packet load", ld, InLock, "*", "*", "*"},
		{"list push", kfunc("bpf_list_push_back_impl"), InLock, "-", "", ""},
		{"list front", kfunc("bpf_list_front"), InLock, "-", "-", ""},
		{"rbtree add", kfunc("bpf_rbtree_add"), InLock, "-", "", ""},
		{"refcount", kfunc("bpf_refcount_acquire_impl"), InLock, "-", "", ""},
		{"obj_new", kfunc("bpf_obj_new_impl"), InLock, "-", lock, lock},
		{"obj_drop", kfunc("bpf_obj_drop_impl"), InLock, "-", lock, lock},
		{"iter_num", kfunc("bpf_iter_num_next"), InLock, "-", lock, ""},
		{"iter_bits", kfunc("bpf_iter_bits_next"), InLock, "-", lock, lock},
		{"res lock", kfunc("bpf_res_spin_lock"), InLock, "-", "-", ""},
		{"rcu in lock", kfunc("bpf_rcu_read_lock"), InLock, "-", lock, lock},
		{"irq save in lock", kfunc("bpf_local_irq_save"), InLock, "-", "-", lock},
		{"throw", kfunc("bpf_throw"), InLock, "-", lock, lock},
		{"unknown kfunc", kfunc("module_thing"), InLock, "-", lock, lock},

		{"copy_from_user in RCU", helper(HelperCopyFromUser), InRCU, "-", "*", "*"},
		{"lookup in RCU", helper(HelperMapLookupElem), InRCU, "-", "", ""},
		{"nested RCU", kfunc("bpf_rcu_read_lock"), InRCU, "-", "nested rcu read lock (kernel function bpf_rcu_read_lock)", "*"},
		{"sleepable kfunc in RCU", kfunc("bpf_arena_alloc_pages"), InRCU, "-", "*", "*"},
		{"tail call in RCU", helper(HelperTailCall), InRCU, "-", "*", "*"},
		{"global in RCU", global, InRCU, "-", "", ""},
		{"global in preempt", global, InPreempt, "-", "*", ""},
		{"sleeping global in preempt", sleeping, InPreempt, "-", "*", "*"},
		{"sleeping global in irq", sleeping, InIRQ, "-", "-", "*"},
		{"copy_from_user in irq", helper(HelperCopyFromUser), InIRQ, "-", "-", "*"},
		{"packet load in preempt", ld, InPreempt, "-", "*", "*"},
	} {
		for v, want := range map[Version]string{{6, 1}: tc.on61, {6, 12}: tc.on612, {6, 18}: tc.on18} {
			if want == "-" {
				continue
			}
			ok, text := AllowedInCriticalSection(tc.t, tc.s, v)
			switch {
			case ok != (want == ""):
				t.Errorf("%s on %s: allowed = %v (%s)", tc.name, v, ok, text)
			case !ok && want != "*" && text != want:
				t.Errorf("%s on %s: %q, want %q", tc.name, v, text, want)
			}
		}
	}
}

func TestAllowedInLess(t *testing.T) {
	for _, tc := range []struct {
		t    Target
		v    Version
		want string
	}{
		{Target{Kind: TargetHelper, Helper: HelperSpinUnlock}, Version{6, 12}, "can't spin_{lock,unlock} in rbtree cb"},
		{Target{Kind: TargetHelper, Helper: HelperKtimeGetNs}, Version{6, 12}, ""},
		{Target{Kind: TargetKfunc, Kfunc: "bpf_rbtree_remove"}, Version{6, 12}, "rbtree_remove not allowed in rbtree cb"},
		{Target{Kind: TargetKfunc, Kfunc: "bpf_rbtree_remove"}, Version{6, 18}, "bpf_rbtree_remove not allowed in rbtree cb"},
		{Target{Kind: TargetKfunc, Kfunc: "bpf_rbtree_first"}, Version{6, 18}, ""},
		{Target{Kind: TargetKfunc, Kfunc: "unheard_of"}, Version{6, 18}, ""},
	} {
		if ok, text := AllowedInLess(tc.t, tc.v); ok != (tc.want == "") || text != tc.want {
			t.Errorf("%+v on %s: %v %q", tc.t, tc.v, ok, text)
		}
	}
}

func TestMayUseSpinLock(t *testing.T) {
	for _, tc := range []struct {
		sec              string
		v61, v612, res18 bool
	}{
		{"socket", false, false, false},
		{"kprobe/foo", false, false, false},
		{"uprobe.s//bin/true:main", false, false, false},
		{"tp/syscalls/sys_enter_open", false, false, false},
		{"raw_tp/sys_enter", false, false, false},
		{"raw_tp.w/x", false, false, false},
		{"perf_event", false, false, false},
		{"fentry/foo", true, true, true},
		{"tp_btf/sched_switch", true, true, true},
		{"fentry.s/foo", false, true, true},
		{"lsm.s/file_open", false, true, true},
		{"syscall", false, true, true},
		{"xdp", true, true, true},
		{"tc", true, true, true},
		{"cgroup_skb/egress", true, true, true},
		{"iter/task", true, true, true},
		{"struct_ops/x", true, true, true},
	} {
		p := ParseSection(tc.sec)
		for v, want := range map[Version]bool{{6, 1}: tc.v61, {6, 12}: tc.v612} {
			if ok, text := MayUseSpinLock(p, v); ok != want || ok != (text == "") {
				t.Errorf("%s on %s: %v %q", tc.sec, v, ok, text)
			}
		}
		if ok, _ := MayUseResSpinLock(p, Version{6, 18}); ok != tc.res18 {
			t.Errorf("%s: bpf_res_spin_lock: %v", tc.sec, ok)
		}
	}
}

func TestParseSection(t *testing.T) {
	for _, tc := range []struct {
		sec  string
		want ProgInfo
	}{
		{"kprobe/tcp_sendmsg", ProgInfo{Type: ProgTypeKprobe, Prefix: "kprobe", Attach: "tcp_sendmsg", Known: true}},
		{"kprobe", ProgInfo{Type: ProgTypeKprobe, Prefix: "kprobe", Known: true}},
		{"?fentry.s/do_x", ProgInfo{Type: ProgTypeTracing, Prefix: "fentry.s", Attach: "do_x", Sleepable: true, Known: true}},
		{"kprobe.multi/tcp_*", ProgInfo{Type: ProgTypeKprobe, Prefix: "kprobe.multi", Attach: "tcp_*", Known: true}},
		{"tp/sched/sched_switch", ProgInfo{Type: ProgTypeTracepoint, Prefix: "tp", Attach: "sched/sched_switch", Known: true}},
		{"tc", ProgInfo{Type: ProgTypeSchedCls, Prefix: "tc", Known: true}},
		{"tcx/ingress", ProgInfo{Type: ProgTypeSchedCls, Prefix: "tcx/ingress", Known: true}},
		{"classifier", ProgInfo{Type: ProgTypeSchedCls, Prefix: "classifier", Known: true}},
		{"xdp.frags/devmap", ProgInfo{Type: ProgTypeXDP, Prefix: "xdp.frags/devmap", Known: true}},
		{"struct_ops.s/foo", ProgInfo{Type: ProgTypeStructOps, Prefix: "struct_ops.s", Attach: "foo", Sleepable: true, Known: true}},
		{"struct_ops", ProgInfo{Type: ProgTypeStructOps, Prefix: "struct_ops", Known: true}},
		{"cgroup_skb/egress", ProgInfo{Type: ProgTypeCgroupSkb, Prefix: "cgroup_skb/egress", Known: true}},
		{"cgroup/connect4", ProgInfo{Type: ProgTypeCgroupSockAddr, Prefix: "cgroup/connect4", Known: true}},
		{"syscall", ProgInfo{Type: ProgTypeSyscall, Prefix: "syscall", Sleepable: true, Known: true}},
		{"raw_tp.w/nbd_send", ProgInfo{Type: ProgTypeRawTracepointWritable, Prefix: "raw_tp.w", Attach: "nbd_send", Known: true}},
		{"freplace/f", ProgInfo{Type: ProgTypeExt, Prefix: "freplace", Attach: "f", Known: true}},
		{"socket1", ProgInfo{Type: ProgTypeSocketFilter, Prefix: "socket", Attach: "1", Known: true, Legacy: true}},
		{"xdp_drop", ProgInfo{Type: ProgTypeXDP, Prefix: "xdp", Attach: "drop", Known: true, Legacy: true}},
		{"license", ProgInfo{}},
		{".maps", ProgInfo{}},
		{".text", ProgInfo{}},
		{"kprobes/x", ProgInfo{}},
		{"", ProgInfo{}},
	} {
		if got := ParseSection(tc.sec); got != tc.want {
			t.Errorf("ParseSection(%q) = %+v, want %+v", tc.sec, got, tc.want)
		}
	}
}

// Every program section of the table must parse back to its own row: a shorter
// prefix must not catch it.
func TestSectionDefs(t *testing.T) {
	for _, d := range sectionDefs {
		name := strings.TrimSuffix(d.name, "+")
		p := ParseSection(name)
		if p.Prefix != name || p.Type != d.typ || p.Sleepable != d.sleepable {
			t.Errorf("%s: %+v", d.name, p)
		}
	}
}

func TestContexts(t *testing.T) {
	v := Version{6, 12}
	ctx := func(sec string) Context { return ContextOf(ParseSection(sec), "", "", v) }
	for _, tc := range []struct {
		a, b string // a starts in the midst of b
		want bool
	}{
		{"perf_event", "xdp", true},
		{"perf_event", "kprobe/vfs_read", false}, // bpf_prog_active
		{"xdp", "fentry/vfs_read", true},
		{"xdp", "tc", false},
		{"tc", "xdp", false},
		{"xdp", "uprobe//bin/x:f", true},
		{"uprobe//bin/x:f", "uprobe//bin/x:f", true},
		{"uprobe//bin/x:f", "xdp", false},
		{"kprobe/vfs_read", "kprobe/vfs_write", false},
		{"fentry/vfs_read", "fentry/vfs_write", true},
		{"cgroup_skb/ingress", "cgroup_skb/egress", true},
		{"xdp", "tp_btf/sched_switch", false},
		{"perf_event", "tp_btf/sched_switch", true},
		{"lsm/file_open", "lsm/file_open", true},
		{"cgroup/connect4", "cgroup/connect4", true},
	} {
		if got := CanInterrupt(ctx(tc.a), ctx(tc.b)); got != tc.want {
			t.Errorf("CanInterrupt(%s, %s) = %v", tc.a, tc.b, got)
		}
	}
	for sec, want := range map[string]bool{
		"uprobe//bin/x:f": true, "fentry/vfs_read": false, "kprobe/vfs_read": false, "xdp": false, "tc": false,
		"lsm/file_open": true, "raw_tp/sys_enter": false, "perf_event": false, "cgroup_skb/egress": true, "syscall": true,
	} {
		if got := Nests(ctx(sec)); got != want {
			t.Errorf("Nests(%s) = %v", sec, got)
		}
	}
	if CanInterrupt(ctx("xdp"), ctx("kprobe/whatever")) {
		t.Error("a kprobe on an unknown function")
	}
	if !OnlyPreempts(ctx("lsm/file_open"), ctx("lsm/file_open")) || OnlyPreempts(ctx("xdp"), ctx("lsm/file_open")) {
		t.Error("OnlyPreempts")
	}
	if ContextOf(ParseSection("lsm/file_open"), "", "", Version{5, 10}).Preemptible {
		t.Error("programs disabled preemption until 5.11")
	}
	if !ContextOf(ParseSection("fentry.s/x"), "", "", v).CanSleep {
		t.Error("fentry.s sleeps")
	}
	so := ParseSection("struct_ops/x")
	for _, tc := range []struct {
		ops, member string
		want        Serial
	}{
		{"tcp_congestion_ops", "cong_avoid", SerialSocket},
		{"tcp_congestion_ops", "get_info", SerialNone},
		{"sched_ext_ops", "enqueue", SerialTask},
		{"sched_ext_ops", "select_cpu", SerialTask},
		{"sched_ext_ops", "init", SerialOnce},
		{"unheard_of_ops", "f", SerialNone},
	} {
		if c := ContextOf(so, tc.ops, tc.member, v); c.Serial != tc.want || (c.Serial == SerialNone) != (c.Serialised == "") {
			t.Errorf("%s.%s: %v %q", tc.ops, tc.member, c.Serial, c.Serialised)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for s, want := range map[string]Version{
		"6.12": {6, 12}, "v6.1": {6, 1}, "6.1.0-13-amd64": {6, 1}, "5.15.0": {5, 15}, "6.18.44-fc": {6, 18}, "6.13-rc1": {6, 13},
	} {
		if got, err := ParseVersion(s); err != nil || got != want {
			t.Errorf("ParseVersion(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "6", "six.one", "6.", ".1", "2.6", "6.1x", "-6.1"} {
		if got, err := ParseVersion(s); err == nil {
			t.Errorf("ParseVersion(%q) = %v", s, got)
		}
	}
}
