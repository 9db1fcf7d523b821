package kernel

import "strings"

// sectionDef is a kind of program section. A name that ends in '+' stands
// alone or is followed by '/' and more; any other must match exactly.
type sectionDef struct {
	name      string
	typ       ProgType
	sleepable bool
}

// sectionDefs is the table section_defs of tools/lib/bpf/libbpf.c (Linux 6.12)
// and, from later
// releases, the uprobe.session (6.13) and fsession forms.
var sectionDefs = []sectionDef{
	{"socket", ProgTypeSocketFilter, false},
	{"sk_reuseport/migrate", ProgTypeSkReuseport, false},
	{"sk_reuseport", ProgTypeSkReuseport, false},
	{"kprobe+", ProgTypeKprobe, false},
	{"uprobe+", ProgTypeKprobe, false},
	{"uprobe.s+", ProgTypeKprobe, true},
	{"kretprobe+", ProgTypeKprobe, false},
	{"uretprobe+", ProgTypeKprobe, false},
	{"uretprobe.s+", ProgTypeKprobe, true},
	{"kprobe.multi+", ProgTypeKprobe, false},
	{"kretprobe.multi+", ProgTypeKprobe, false},
	{"kprobe.session+", ProgTypeKprobe, false},
	{"uprobe.multi+", ProgTypeKprobe, false},
	{"uretprobe.multi+", ProgTypeKprobe, false},
	{"uprobe.multi.s+", ProgTypeKprobe, true},
	{"uretprobe.multi.s+", ProgTypeKprobe, true},
	{"uprobe.session+", ProgTypeKprobe, false},
	{"uprobe.session.s+", ProgTypeKprobe, true},
	{"ksyscall+", ProgTypeKprobe, false},
	{"kretsyscall+", ProgTypeKprobe, false},
	{"usdt+", ProgTypeKprobe, false},
	{"usdt.s+", ProgTypeKprobe, true},
	{"tc/ingress", ProgTypeSchedCls, false},
	{"tc/egress", ProgTypeSchedCls, false},
	{"tcx/ingress", ProgTypeSchedCls, false},
	{"tcx/egress", ProgTypeSchedCls, false},
	{"tc", ProgTypeSchedCls, false},
	{"classifier", ProgTypeSchedCls, false},
	{"action", ProgTypeSchedAct, false},
	{"netkit/primary", ProgTypeSchedCls, false},
	{"netkit/peer", ProgTypeSchedCls, false},
	{"tracepoint+", ProgTypeTracepoint, false},
	{"tp+", ProgTypeTracepoint, false},
	{"raw_tracepoint+", ProgTypeRawTracepoint, false},
	{"raw_tp+", ProgTypeRawTracepoint, false},
	{"raw_tracepoint.w+", ProgTypeRawTracepointWritable, false},
	{"raw_tp.w+", ProgTypeRawTracepointWritable, false},
	{"tp_btf+", ProgTypeTracing, false},
	{"fentry+", ProgTypeTracing, false},
	{"fmod_ret+", ProgTypeTracing, false},
	{"fexit+", ProgTypeTracing, false},
	{"fentry.s+", ProgTypeTracing, true},
	{"fmod_ret.s+", ProgTypeTracing, true},
	{"fexit.s+", ProgTypeTracing, true},
	{"fsession+", ProgTypeTracing, false},
	{"fsession.s+", ProgTypeTracing, true},
	{"freplace+", ProgTypeExt, false},
	{"lsm+", ProgTypeLSM, false},
	{"lsm.s+", ProgTypeLSM, true},
	{"lsm_cgroup+", ProgTypeLSM, false},
	{"iter+", ProgTypeTracing, false},
	{"iter.s+", ProgTypeTracing, true},
	{"syscall", ProgTypeSyscall, true},
	{"xdp.frags/devmap", ProgTypeXDP, false},
	{"xdp/devmap", ProgTypeXDP, false},
	{"xdp.frags/cpumap", ProgTypeXDP, false},
	{"xdp/cpumap", ProgTypeXDP, false},
	{"xdp.frags", ProgTypeXDP, false},
	{"xdp", ProgTypeXDP, false},
	{"perf_event", ProgTypePerfEvent, false},
	{"lwt_in", ProgTypeLWTIn, false},
	{"lwt_out", ProgTypeLWTOut, false},
	{"lwt_xmit", ProgTypeLWTXmit, false},
	{"lwt_seg6local", ProgTypeLWTSeg6local, false},
	{"sockops", ProgTypeSockOps, false},
	{"sk_skb/stream_parser", ProgTypeSkSkb, false},
	{"sk_skb/stream_verdict", ProgTypeSkSkb, false},
	{"sk_skb/verdict", ProgTypeSkSkb, false},
	{"sk_skb", ProgTypeSkSkb, false},
	{"sk_msg", ProgTypeSkMsg, false},
	{"lirc_mode2", ProgTypeLircMode2, false},
	{"flow_dissector", ProgTypeFlowDissector, false},
	{"cgroup_skb/ingress", ProgTypeCgroupSkb, false},
	{"cgroup_skb/egress", ProgTypeCgroupSkb, false},
	{"cgroup/skb", ProgTypeCgroupSkb, false},
	{"cgroup/sock_create", ProgTypeCgroupSock, false},
	{"cgroup/sock_release", ProgTypeCgroupSock, false},
	{"cgroup/sock", ProgTypeCgroupSock, false},
	{"cgroup/post_bind4", ProgTypeCgroupSock, false},
	{"cgroup/post_bind6", ProgTypeCgroupSock, false},
	{"cgroup/bind4", ProgTypeCgroupSockAddr, false},
	{"cgroup/bind6", ProgTypeCgroupSockAddr, false},
	{"cgroup/connect4", ProgTypeCgroupSockAddr, false},
	{"cgroup/connect6", ProgTypeCgroupSockAddr, false},
	{"cgroup/connect_unix", ProgTypeCgroupSockAddr, false},
	{"cgroup/sendmsg4", ProgTypeCgroupSockAddr, false},
	{"cgroup/sendmsg6", ProgTypeCgroupSockAddr, false},
	{"cgroup/sendmsg_unix", ProgTypeCgroupSockAddr, false},
	{"cgroup/recvmsg4", ProgTypeCgroupSockAddr, false},
	{"cgroup/recvmsg6", ProgTypeCgroupSockAddr, false},
	{"cgroup/recvmsg_unix", ProgTypeCgroupSockAddr, false},
	{"cgroup/getpeername4", ProgTypeCgroupSockAddr, false},
	{"cgroup/getpeername6", ProgTypeCgroupSockAddr, false},
	{"cgroup/getpeername_unix", ProgTypeCgroupSockAddr, false},
	{"cgroup/getsockname4", ProgTypeCgroupSockAddr, false},
	{"cgroup/getsockname6", ProgTypeCgroupSockAddr, false},
	{"cgroup/getsockname_unix", ProgTypeCgroupSockAddr, false},
	{"cgroup/sysctl", ProgTypeCgroupSysctl, false},
	{"cgroup/getsockopt", ProgTypeCgroupSockopt, false},
	{"cgroup/setsockopt", ProgTypeCgroupSockopt, false},
	{"cgroup/dev", ProgTypeCgroupDevice, false},
	{"struct_ops+", ProgTypeStructOps, false},
	{"struct_ops.s+", ProgTypeStructOps, true},
	{"sk_lookup", ProgTypeSkLookup, false},
	{"netfilter", ProgTypeNetfilter, false},
}

// legacyPrefixes are what libbpf before 1.0 (SEC_SLOPPY_PFX) and cilium/ebpf
// take as a prefix of any name: SEC("socket1"), SEC("xdp_drop"),
// SEC("classifier/tx"). Longer ones first.
var legacyPrefixes = []sectionDef{
	{"sk_reuseport", ProgTypeSkReuseport, false},
	{"flow_dissector", ProgTypeFlowDissector, false},
	{"cgroup/getpeername", ProgTypeCgroupSockAddr, false},
	{"cgroup/getsockname", ProgTypeCgroupSockAddr, false},
	{"cgroup/skb", ProgTypeCgroupSkb, false},
	{"cgroup_skb/", ProgTypeCgroupSkb, false},
	{"cgroup/sock", ProgTypeCgroupSock, false},
	{"cgroup/dev", ProgTypeCgroupDevice, false},
	{"lwt_seg6local", ProgTypeLWTSeg6local, false},
	{"lwt_xmit", ProgTypeLWTXmit, false},
	{"lwt_out", ProgTypeLWTOut, false},
	{"lwt_in", ProgTypeLWTIn, false},
	{"perf_event", ProgTypePerfEvent, false},
	{"lirc_mode2", ProgTypeLircMode2, false},
	{"classifier", ProgTypeSchedCls, false},
	{"sk_lookup", ProgTypeSkLookup, false},
	{"sockops", ProgTypeSockOps, false},
	{"sk_skb", ProgTypeSkSkb, false},
	{"sk_msg", ProgTypeSkMsg, false},
	{"action", ProgTypeSchedAct, false},
	{"socket", ProgTypeSocketFilter, false},
	{"syscall", ProgTypeSyscall, true},
	{"xdp", ProgTypeXDP, false},
	{"tc_", ProgTypeSchedCls, false},
	{"tc/", ProgTypeSchedCls, false},
}

// ParseSection reads the name of a program's section, as in SEC("...").
// A leading '?' (do not load by default) is allowed. Known is false, and the
// type ProgTypeUnspec, for a name that no loader takes for a program.
func ParseSection(sec string) ProgInfo {
	sec = strings.TrimPrefix(sec, "?")
	for _, d := range sectionDefs {
		name, more := strings.CutSuffix(d.name, "+")
		rest, ok := strings.CutPrefix(sec, name)
		if !ok || rest != "" && (!more || rest[0] != '/') {
			continue
		}
		return ProgInfo{Type: d.typ, Prefix: name, Attach: strings.TrimPrefix(rest, "/"), Sleepable: d.sleepable, Known: true}
	}
	for _, d := range legacyPrefixes {
		if rest, ok := strings.CutPrefix(sec, d.name); ok {
			return ProgInfo{Type: d.typ, Prefix: d.name, Attach: strings.TrimLeft(rest, "/_"), Sleepable: d.sleepable, Known: true, Legacy: true}
		}
	}
	return ProgInfo{}
}
