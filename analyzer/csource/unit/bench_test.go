package unit

import (
	"context"
	"os"
	"testing"
)

// BenchmarkLoad loads the file that BPF_C names, with a fresh cache each time: what
// a run for one file costs.
func BenchmarkLoad(b *testing.B) {
	path := os.Getenv("BPF_C")
	if path == "" {
		b.Skip("BPF_C names no file")
	}
	cfg := Config{}
	if d := os.Getenv("BPF_INCLUDE"); d != "" {
		cfg.IncludeDirs = []string{d}
	}
	for b.Loop() {
		u, err := Load(context.Background(), path, cfg)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(u.text.items)), "decls")
		b.ReportMetric(float64(len(u.text.toks)), "tokens")
		b.ReportMetric(float64(len(u.text.buf)), "bytes")
	}
}
