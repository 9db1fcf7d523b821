package kernel

import "fmt"

// Program types (enum bpf_prog_type, include/uapi/linux/bpf.h, Linux 6.18).
const (
	ProgTypeUnspec                ProgType = 0
	ProgTypeSocketFilter          ProgType = 1
	ProgTypeKprobe                ProgType = 2
	ProgTypeSchedCls              ProgType = 3
	ProgTypeSchedAct              ProgType = 4
	ProgTypeTracepoint            ProgType = 5
	ProgTypeXDP                   ProgType = 6
	ProgTypePerfEvent             ProgType = 7
	ProgTypeCgroupSkb             ProgType = 8
	ProgTypeCgroupSock            ProgType = 9
	ProgTypeLWTIn                 ProgType = 10
	ProgTypeLWTOut                ProgType = 11
	ProgTypeLWTXmit               ProgType = 12
	ProgTypeSockOps               ProgType = 13
	ProgTypeSkSkb                 ProgType = 14
	ProgTypeCgroupDevice          ProgType = 15
	ProgTypeSkMsg                 ProgType = 16
	ProgTypeRawTracepoint         ProgType = 17
	ProgTypeCgroupSockAddr        ProgType = 18
	ProgTypeLWTSeg6local          ProgType = 19
	ProgTypeLircMode2             ProgType = 20
	ProgTypeSkReuseport           ProgType = 21
	ProgTypeFlowDissector         ProgType = 22
	ProgTypeCgroupSysctl          ProgType = 23
	ProgTypeRawTracepointWritable ProgType = 24
	ProgTypeCgroupSockopt         ProgType = 25
	ProgTypeTracing               ProgType = 26
	ProgTypeStructOps             ProgType = 27
	ProgTypeExt                   ProgType = 28
	ProgTypeLSM                   ProgType = 29
	ProgTypeSkLookup              ProgType = 30
	ProgTypeSyscall               ProgType = 31
	ProgTypeNetfilter             ProgType = 32
)

var progTypeNames = [...]string{
	"unspec", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp", "perf_event",
	"cgroup_skb", "cgroup_sock", "lwt_in", "lwt_out", "lwt_xmit", "sock_ops", "sk_skb", "cgroup_device",
	"sk_msg", "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local", "lirc_mode2", "sk_reuseport", "flow_dissector", "cgroup_sysctl",
	"raw_tracepoint_writable", "cgroup_sockopt", "tracing", "struct_ops", "ext", "lsm", "sk_lookup", "syscall",
	"netfilter",
}

// String gives "kprobe", "sched_cls" ...: the kernel's name in lower case.
func (t ProgType) String() string {
	if int(t) < len(progTypeNames) {
		return progTypeNames[t]
	}
	return fmt.Sprintf("prog_type_%d", uint32(t))
}

// IsTracing is the verifier's is_tracing_prog_type: the types that the
// messages "tracing progs cannot use ..." mean. Fentry and the like
// (ProgTypeTracing) are not among them.
func (t ProgType) IsTracing() bool {
	switch t {
	case ProgTypeKprobe, ProgTypeTracepoint, ProgTypePerfEvent, ProgTypeRawTracepoint, ProgTypeRawTracepointWritable:
		return true
	}
	return false
}

// MayUseSpinLock reports whether kernel v loads a program of this kind that
// refers to a map (or global) with a bpf_spin_lock in its value: referring is
// enough, no lock need be taken. If not, text is the verifier's message.
// Source: kernel/bpf/verifier.c check_map_prog_compatibility, 6.1, 6.12, 6.18.
func MayUseSpinLock(p ProgInfo, v Version) (ok bool, text string) {
	switch {
	case p.Type == ProgTypeSocketFilter:
		return false, "socket filter progs cannot use bpf_spin_lock yet"
	case p.Type.IsTracing():
		return false, "tracing progs cannot use bpf_spin_lock yet"
	case p.Sleepable && !v.AtLeast(6, 6):
		return false, "sleepable progs cannot use bpf_spin_lock yet"
	}
	return true, ""
}

// MayUseResSpinLock is MayUseSpinLock for bpf_res_spin_lock. Up to 6.18 the
// same types are refused; 7.x refuses socket filters only.
func MayUseResSpinLock(p ProgInfo, v Version) (ok bool, text string) {
	switch {
	case p.Type == ProgTypeSocketFilter:
		return false, "socket filter progs cannot use bpf_spin_lock yet"
	case p.Type.IsTracing() && !v.AtLeast(7, 0):
		return false, "tracing progs cannot use bpf_spin_lock yet"
	}
	return true, ""
}

// HasPacket reports whether the pointers in the program's context point into a
// packet, and not to kernel objects.
func HasPacket(t ProgType) bool {
	switch t {
	case ProgTypeXDP, ProgTypeSchedCls, ProgTypeSchedAct, ProgTypeCgroupSkb, ProgTypeSkSkb, ProgTypeSkMsg,
		ProgTypeLWTIn, ProgTypeLWTOut, ProgTypeLWTXmit, ProgTypeLWTSeg6local, ProgTypeSocketFilter,
		ProgTypeFlowDissector, ProgTypeSkReuseport:
		return true
	}
	return false
}
