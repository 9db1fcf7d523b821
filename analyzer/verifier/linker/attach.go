package linker

import "github.com/bpflockcheck/bpflockcheck/rules/kernel"

// attachTypes is the expected attach type (enum bpf_attach_type,
// include/uapi/linux/bpf.h) of a program section, by prefix; 0 where there is
// none (section_defs, tools/lib/bpf/libbpf.c).
var attachTypes = map[string]uint32{
	"sk_reuseport/migrate":    40, // BPF_SK_REUSEPORT_SELECT_OR_MIGRATE
	"sk_reuseport":            39, // BPF_SK_REUSEPORT_SELECT
	"kprobe.multi":            42, // BPF_TRACE_KPROBE_MULTI
	"kretprobe.multi":         42, // BPF_TRACE_KPROBE_MULTI
	"kprobe.session":          56, // BPF_TRACE_KPROBE_SESSION
	"uprobe.multi":            48, // BPF_TRACE_UPROBE_MULTI
	"uretprobe.multi":         48, // BPF_TRACE_UPROBE_MULTI
	"uprobe.multi.s":          48, // BPF_TRACE_UPROBE_MULTI
	"uretprobe.multi.s":       48, // BPF_TRACE_UPROBE_MULTI
	"tc/ingress":              46, // BPF_TCX_INGRESS
	"tc/egress":               47, // BPF_TCX_EGRESS
	"tcx/ingress":             46, // BPF_TCX_INGRESS
	"tcx/egress":              47, // BPF_TCX_EGRESS
	"netkit/primary":          54, // BPF_NETKIT_PRIMARY
	"netkit/peer":             55, // BPF_NETKIT_PEER
	"tp_btf":                  23, // BPF_TRACE_RAW_TP
	"fentry":                  24, // BPF_TRACE_FENTRY
	"fmod_ret":                26, // BPF_MODIFY_RETURN
	"fexit":                   25, // BPF_TRACE_FEXIT
	"fentry.s":                24, // BPF_TRACE_FENTRY
	"fmod_ret.s":              26, // BPF_MODIFY_RETURN
	"fexit.s":                 25, // BPF_TRACE_FEXIT
	"lsm":                     27, // BPF_LSM_MAC
	"lsm.s":                   27, // BPF_LSM_MAC
	"lsm_cgroup":              43, // BPF_LSM_CGROUP
	"iter":                    28, // BPF_TRACE_ITER
	"iter.s":                  28, // BPF_TRACE_ITER
	"xdp.frags/devmap":        33, // BPF_XDP_DEVMAP
	"xdp/devmap":              33, // BPF_XDP_DEVMAP
	"xdp.frags/cpumap":        35, // BPF_XDP_CPUMAP
	"xdp/cpumap":              35, // BPF_XDP_CPUMAP
	"xdp.frags":               37, // BPF_XDP
	"xdp":                     37, // BPF_XDP
	"sockops":                 3,  // BPF_CGROUP_SOCK_OPS
	"sk_skb/stream_parser":    4,  // BPF_SK_SKB_STREAM_PARSER
	"sk_skb/stream_verdict":   5,  // BPF_SK_SKB_STREAM_VERDICT
	"sk_skb/verdict":          38, // BPF_SK_SKB_VERDICT
	"sk_msg":                  7,  // BPF_SK_MSG_VERDICT
	"lirc_mode2":              16, // BPF_LIRC_MODE2
	"flow_dissector":          17, // BPF_FLOW_DISSECTOR
	"cgroup_skb/egress":       1,  // BPF_CGROUP_INET_EGRESS
	"cgroup/sock_create":      2,  // BPF_CGROUP_INET_SOCK_CREATE
	"cgroup/sock_release":     34, // BPF_CGROUP_INET_SOCK_RELEASE
	"cgroup/sock":             2,  // BPF_CGROUP_INET_SOCK_CREATE
	"cgroup/post_bind4":       12, // BPF_CGROUP_INET4_POST_BIND
	"cgroup/post_bind6":       13, // BPF_CGROUP_INET6_POST_BIND
	"cgroup/bind4":            8,  // BPF_CGROUP_INET4_BIND
	"cgroup/bind6":            9,  // BPF_CGROUP_INET6_BIND
	"cgroup/connect4":         10, // BPF_CGROUP_INET4_CONNECT
	"cgroup/connect6":         11, // BPF_CGROUP_INET6_CONNECT
	"cgroup/connect_unix":     49, // BPF_CGROUP_UNIX_CONNECT
	"cgroup/sendmsg4":         14, // BPF_CGROUP_UDP4_SENDMSG
	"cgroup/sendmsg6":         15, // BPF_CGROUP_UDP6_SENDMSG
	"cgroup/sendmsg_unix":     50, // BPF_CGROUP_UNIX_SENDMSG
	"cgroup/recvmsg4":         19, // BPF_CGROUP_UDP4_RECVMSG
	"cgroup/recvmsg6":         20, // BPF_CGROUP_UDP6_RECVMSG
	"cgroup/recvmsg_unix":     51, // BPF_CGROUP_UNIX_RECVMSG
	"cgroup/getpeername4":     29, // BPF_CGROUP_INET4_GETPEERNAME
	"cgroup/getpeername6":     30, // BPF_CGROUP_INET6_GETPEERNAME
	"cgroup/getpeername_unix": 52, // BPF_CGROUP_UNIX_GETPEERNAME
	"cgroup/getsockname4":     31, // BPF_CGROUP_INET4_GETSOCKNAME
	"cgroup/getsockname6":     32, // BPF_CGROUP_INET6_GETSOCKNAME
	"cgroup/getsockname_unix": 53, // BPF_CGROUP_UNIX_GETSOCKNAME
	"cgroup/sysctl":           18, // BPF_CGROUP_SYSCTL
	"cgroup/getsockopt":       21, // BPF_CGROUP_GETSOCKOPT
	"cgroup/setsockopt":       22, // BPF_CGROUP_SETSOCKOPT
	"cgroup/dev":              6,  // BPF_CGROUP_DEVICE
	"sk_lookup":               36, // BPF_SK_LOOKUP
	"netfilter":               45, // BPF_NETFILTER
	"uprobe.session":          57, // BPF_TRACE_UPROBE_SESSION
	"uprobe.session.s":        57, // BPF_TRACE_UPROBE_SESSION
}

func attachType(p kernel.ProgInfo) uint32 {
	if p.Legacy {
		return 0
	}
	return attachTypes[p.Prefix]
}
