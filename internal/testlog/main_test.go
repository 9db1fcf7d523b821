package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	const (
		pass = `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
		skip = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: no qemu\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
`
		fail = `{"Action":"output","Package":"q","Test":"TestC","Output":"    c_test.go:1: wrong\n"}
{"Action":"output","Package":"q","Test":"TestC","Output":"--- FAIL: TestC (0.00s)\n"}
{"Action":"fail","Package":"q","Test":"TestC"}
{"Action":"output","Package":"q","Output":"FAIL\tq\t0.1s\n"}
{"Action":"fail","Package":"q"}
`
		build = `{"ImportPath":"r","Action":"build-output","Output":"r.go:1: undefined\n"}
{"ImportPath":"r","Action":"build-fail"}
`
	)
	tests := []struct {
		name, in   string
		requireAll bool
		ok         bool
		want       string
	}{
		{"passes", pass, true, true, "ok  \tp\t0.1s\n1 passed, 0 failed, 0 skipped\n"},
		{"skipped", pass + skip, false, true, "ok  \tp\t0.1s\n    b_test.go:1: no qemu\n--- SKIP: TestB (0.00s)\n1 passed, 0 failed, 1 skipped\n"},
		{"must not skip", skip, true, false, "    b_test.go:1: no qemu\n--- SKIP: TestB (0.00s)\nthese tests must not be skipped here:\n\tp TestB\n0 passed, 0 failed, 1 skipped\n"},
		{"fails", fail, false, false, "    c_test.go:1: wrong\n--- FAIL: TestC (0.00s)\nFAIL\tq\t0.1s\n0 passed, 1 failed, 0 skipped\n"},
		{"does not build", build, false, false, "r.go:1: undefined\n0 passed, 0 failed, 0 skipped\n"},
		{"no JSON", "go: no such package\n", false, true, "go: no such package\n0 passed, 0 failed, 0 skipped\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s := &summary{out: &out, output: map[string][]string{}}
			if err := s.read(strings.NewReader(tt.in)); err != nil {
				t.Fatal(err)
			}
			if ok := s.close(tt.requireAll); ok != tt.ok {
				t.Errorf("ok = %v, want %v", ok, tt.ok)
			}
			if out.String() != tt.want {
				t.Errorf("printed:\n%s\nwant:\n%s", out.String(), tt.want)
			}
		})
	}
}
