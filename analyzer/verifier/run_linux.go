package verifier

import (
	"context"
	"time"
)

func runHere(ctx context.Context, objects []string) Kernel {
	k := Kernel{Name: "running"}
	start := time.Now()
	e, err := newEnv()
	if err != nil {
		k.Err = err
		return k
	}
	defer e.close()
	k.Release, k.Version = e.release, e.version
	for _, o := range objects {
		if k.Err = ctx.Err(); k.Err != nil {
			break
		}
		if err := e.loadObject(o, func(l Load) { k.Results = append(k.Results, Result{Load: l}) }); err != nil {
			k.Unreadable = append(k.Unreadable, Unreadable{o, err.Error()})
		}
	}
	k.Time = time.Since(start)
	return k
}
