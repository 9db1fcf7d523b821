package kernel

// MapType is enum bpf_map_type (include/uapi/linux/bpf.h).
type MapType uint32

// ProgType is enum bpf_prog_type (include/uapi/linux/bpf.h).
type ProgType uint32

// Helper is a BPF helper's number (enum bpf_func_id, include/uapi/linux/bpf.h).
type Helper int32

// ProgInfo is what a program's section name tells (libbpf's section_defs,
// tools/lib/bpf/libbpf.c).
type ProgInfo struct {
	Type      ProgType
	Attach    string // what follows the prefix: "tcp_sendmsg", "sched/sched_switch"
	Prefix    string // the matched prefix: "kprobe", "fentry.s", "tp_btf"
	Sleepable bool
	Known     bool // false: the section is no known program section
	// Legacy: the name is one that only libbpf before 1.0, or cilium/ebpf,
	// takes for a program of this type, by its prefix ("socket1").
	Legacy bool
}
