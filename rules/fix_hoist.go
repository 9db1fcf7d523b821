package rules

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// getter is a helper that has no effect and whose result depends on nothing
// that a program changes, so that it can be called earlier.
type getter struct {
	result string // its C type
	name   string // a name for its value
}

// getters: include/uapi/linux/bpf.h, 6.18.
var getters = map[string]getter{
	"bpf_ktime_get_ns":          {"__u64", "now"},
	"bpf_ktime_get_boot_ns":     {"__u64", "now"},
	"bpf_ktime_get_coarse_ns":   {"__u64", "now"},
	"bpf_ktime_get_tai_ns":      {"__u64", "now"},
	"bpf_jiffies64":             {"__u64", "now"},
	"bpf_get_prandom_u32":       {"__u32", "random"},
	"bpf_get_smp_processor_id":  {"__u32", "cpu"},
	"bpf_get_numa_node_id":      {"long", "node"},
	"bpf_get_current_pid_tgid":  {"__u64", "pid_tgid"},
	"bpf_get_current_uid_gid":   {"__u64", "uid_gid"},
	"bpf_get_current_cgroup_id": {"__u64", "cgroup_id"},
	"bpf_get_current_task":      {"__u64", "task"},
	"bpf_get_socket_cookie":     {"__u64", "cookie"},
	"bpf_get_netns_cookie":      {"__u64", "netns"},
	"bpf_get_attach_cookie":     {"__u64", "cookie"},
	"bpf_get_func_ip":           {"__u64", "ip"},
}

// hoistFix calls a helper before the lock is taken. Else it gives the reason,
// ready to be put behind the help; none for a call that has effects.
func (p *Pass) hoistFix(c *model.Call) (*diag.Fix, string) {
	rw := p.Model.Unit.Rewrite
	g, ok := getters[c.Helper.Name()]
	if rw == nil || c.Kind != ir.CallHelper || !ok || c.Func == nil {
		return nil, ""
	}
	if len(c.Held) != 1 || c.RCU+c.Preempt+c.IRQ > 0 {
		return nil, noFix + "more than one critical section is open"
	}
	lock := c.Held[0].Since
	if lock.Func != c.Func {
		return nil, noFix + "the lock is taken in another function"
	}
	edits, why := rw.Hoist(c.Func.Name, c.Pos, lock.Pos, g.result, g.name)
	if why != "" {
		return nil, noFix + why
	}
	return &diag.Fix{Title: "call " + c.Helper.Name() + " before the lock is taken", Safe: true, Edits: edits}, ""
}
