package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/flow"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/object"
	"strings"
)

func main() {
	if pf := os.Getenv("PROF"); pf != "" {
		f, _ := os.Create(pf)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	verbose := os.Getenv("V") != ""
	var total time.Duration
	progs := 0
	for _, p := range os.Args[1:] {
		var u *ir.Unit
		var err error
		if strings.HasSuffix(p, ".c") {
			u, err = csource.Load(context.Background(), p, unit.Config{})
		} else {
			u, err = object.Load(context.Background(), p, object.Config{})
		}
		if err != nil {
			fmt.Println(p, "ERR", err)
			continue
		}
		if os.Getenv("DUMP") != "" {
			dump(u)
		}
		t := time.Now()
		m := flow.Analyze(context.Background(), u, flow.Config{})
		d := time.Since(t)
		total += d
		progs += len(u.Programs)
		if d > 300*time.Millisecond {
			fmt.Println(p, "SLOW", d)
		}
		if os.Getenv("R") != "" {
			runRules(m)
		}
		for _, s := range m.Skipped {
			fmt.Println(p, "skip", s)
		}
		if verbose {
			for _, a := range m.Accesses {
				fmt.Printf("%s %s %v kind=%d map=%v glob=%v off=%d size=%d field=%q key=%v locks=%d orig=%d conds=%d idx=%v %s\n", a.Program.Name, a.Func.Name, a.Pos.Span, a.Kind, mapName(a), glob(a), a.Place.Off, a.Place.Size, a.Place.Field, key(a), len(a.Locks), len(a.Origins), len(a.Conditions), a.Place.Index, a.Callee)
			}
			for _, l := range m.Locks {
				fmt.Printf("LOCK %s %v kind=%d id=%s held=%d unk=%v unchecked=%v\n", l.Program.Name, l.Pos.Span, l.Kind, l.Lock.ID, len(l.Held), l.Unknown, l.Unchecked)
			}
			for _, u := range m.Updates {
				fl := "?"
				if u.Flags != nil {
					fl = fmt.Sprint(*u.Flags)
				}
				fmt.Printf("UPDATE %s %v map=%s flags=%s key=%q kind=%d missed=%v from=%v orig=%d changed=%v inplace=%v\n", u.Program.Name, u.Pos.Span, u.Map.Name, fl, u.Key, u.KeyKind, u.Missed != nil, u.FromValue != nil, len(u.Origins), u.Changed, u.ChangedInPlace)
			}
			for _, l := range m.Exits {
				fmt.Printf("EXIT %s %v %s held=%d rcu=%d p=%d irq=%d\n", l.Program.Name, l.Pos.Span, l.How, len(l.Held), l.RCU, l.Preempt, l.IRQ)
			}
		}
	}
	fmt.Println("total", total, "programs", progs)
}

func mapName(a *model.Access) string {
	if a.Place.Map != nil {
		return a.Place.Map.Name
	}
	return ""
}
func glob(a *model.Access) string {
	if a.Place.Global != nil {
		return a.Place.Global.Name
	}
	return ""
}
func key(a *model.Access) any {
	if a.Place.Elem != nil {
		return fmt.Sprint(a.Place.Elem.KeyKind, ":", a.Place.Elem.Key)
	}
	return ""
}
