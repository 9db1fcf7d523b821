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
	varies bool   // two calls in a row give different values, and are meant to
}

// getters: include/uapi/linux/bpf.h, 6.18.
var getters = map[string]getter{
	"bpf_ktime_get_ns":          {result: "__u64", name: "now"},
	"bpf_ktime_get_boot_ns":     {result: "__u64", name: "now"},
	"bpf_ktime_get_coarse_ns":   {result: "__u64", name: "now"},
	"bpf_ktime_get_tai_ns":      {result: "__u64", name: "now"},
	"bpf_jiffies64":             {result: "__u64", name: "now"},
	"bpf_get_prandom_u32":       {result: "__u32", name: "random", varies: true},
	"bpf_get_smp_processor_id":  {result: "__u32", name: "cpu"},
	"bpf_get_numa_node_id":      {result: "long", name: "node"},
	"bpf_get_current_pid_tgid":  {result: "__u64", name: "pid_tgid"},
	"bpf_get_current_uid_gid":   {result: "__u64", name: "uid_gid"},
	"bpf_get_current_cgroup_id": {result: "__u64", name: "cgroup_id"},
	"bpf_get_current_task":      {result: "__u64", name: "task"},
	"bpf_get_socket_cookie":     {result: "__u64", name: "cookie"},
	"bpf_get_netns_cookie":      {result: "__u64", name: "netns"},
	"bpf_get_attach_cookie":     {result: "__u64", name: "cookie"},
	"bpf_get_func_ip":           {result: "__u64", name: "ip"},
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
	edits, why := rw.Hoist(c.Func.Name, ir.Hoist{Call: c.Pos, Lock: lock.Pos, Type: g.result, Name: g.name, Varies: g.varies})
	if why != "" {
		return nil, noFix + why
	}
	return &diag.Fix{Title: "call " + c.Helper.Name() + " before the lock is taken", Safe: true, Edits: edits}, ""
}
