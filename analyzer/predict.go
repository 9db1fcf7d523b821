package analyzer

import (
	"context"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Predict gives the findings in an object for each of its programs, for the
// verifier's verdicts to be compared with. Nothing is selected or suppressed:
// the kernel knows no such thing.
func Predict(ctx context.Context, object string, v kernel.Version) ([]verifier.Prediction, error) {
	o, err := Options{Kernel: v}.normal()
	if err != nil {
		return nil, err
	}
	res := analyseOne(ctx, &o, input{path: object, abs: o.abs(object), kind: kindObject})
	if res.broken {
		return nil, res.err
	}
	byProgram := map[string][]diag.Finding{}
	for _, f := range res.findings {
		for _, p := range f.Programs {
			byProgram[p.Name] = append(byProgram[p.Name], f)
		}
	}
	var out []verifier.Prediction
	for _, p := range res.programs {
		out = append(out, verifier.Prediction{Program: p.Name, Findings: byProgram[p.Name]})
	}
	return out, ctx.Err()
}
