package rules

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// context is what sharing needs of the circumstances in which an event runs.
type context struct {
	kernel.Context
	// alone says why no other program, nor another run of this one, is there at
	// the same time; "" when there may be.
	alone string
	// onDemand: userspace starts each run.
	onDemand bool
	// ofTask: runs for an event of a task in the scheduler, which no other such
	// event of the task can overtake.
	ofTask bool
	// packets: runs for packets, on whatever CPU they arrive.
	packets bool
}

// contextAt gives the context of an event: the program's, or that of the
// asynchronous callback that it happens in.
func contextAt(at model.Site, v kernel.Version) kernel.Context {
	switch at.Async {
	case "":
	case "timer":
		return kernel.TimerContext()
	default:
		return kernel.WorkContext()
	}
	if at.Program == nil {
		return kernel.Context{Anywhere: true, MigrationDisabled: true}
	}
	return kernel.ContextOf(at.Program.Info, at.Program.StructOps, at.Program.Member, v)
}

func contextOf(at model.Site, v kernel.Version) context {
	c := context{Context: contextAt(at, v)}
	if at.Async != "" || at.Program == nil {
		return c
	}
	if c.Serial == kernel.SerialOnce {
		c.alone = "the kernel runs the callback once, before or after all others"
	}
	info := at.Program.Info
	switch info.Type {
	case kernel.ProgTypeSyscall:
		c.onDemand = true
	case kernel.ProgTypeTracing:
		c.ofTask = info.Prefix == "tp_btf" && info.Attach == "sched_switch"
		c.onDemand = info.Prefix == "iter" || info.Prefix == "iter.s"
	case kernel.ProgTypeXDP, kernel.ProgTypeSchedCls, kernel.ProgTypeSchedAct, kernel.ProgTypeCgroupSkb,
		kernel.ProgTypeSocketFilter, kernel.ProgTypeNetfilter, kernel.ProgTypeLWTIn, kernel.ProgTypeLWTOut,
		kernel.ProgTypeLWTXmit, kernel.ProgTypeLWTSeg6local, kernel.ProgTypeSkSkb, kernel.ProgTypeSkLookup,
		kernel.ProgTypeSkReuseport, kernel.ProgTypeFlowDissector:
		c.packets = true
	}
	return c
}
