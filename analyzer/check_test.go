package analyzer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

const header = "#include <bpf/bpf_helpers.h>\ntypedef unsigned int __u32;\ntypedef unsigned long long __u64;\n"

func Example() {
	src := header + "__u64 hits;\nSEC(\"xdp\") int count(void *ctx)\n{\n\thits++;\n\treturn 0;\n}\n"
	res, err := analyzer.Check(context.Background(), []string{"count.bpf.c"}, analyzer.Options{
		Overlay: map[string][]byte{"count.bpf.c": []byte(src)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range res.Findings {
		fmt.Println(f.Span, f.Severity, f.Rule, f.Name)
	}
	// Output: count.bpf.c:7:2 warning BLC101 lost-update
}

// TestOrderDoesNotDependOnJobs checks the same files several at a time, in
// another order, and one by one.
func TestOrderDoesNotDependOnJobs(t *testing.T) {
	overlay := map[string][]byte{"common.h": []byte(header + "__u64 hits;\nstatic __always_inline void count(void) { hits++; }\n")}
	var names []string
	for i := range 8 {
		name := fmt.Sprintf("f%d.bpf.c", i)
		names = append(names, name)
		overlay[name] = fmt.Appendf(nil, "#include \"common.h\"\n__u64 n%d;\nSEC(\"xdp\") int p%d(void *ctx) { count(); n%d++; return 0; }\n", i, i, i)
	}
	dir := t.TempDir()
	run := func(jobs int, args []string) []diag.Finding {
		res, err := analyzer.Check(t.Context(), args, analyzer.Options{Dir: dir, Overlay: overlay, Jobs: jobs})
		if err != nil {
			t.Fatal(err)
		}
		if res.Programs != 8 || len(res.Files) != 8 {
			t.Errorf("%d programs in %d files, want 8 in 8", res.Programs, len(res.Files))
		}
		return res.Findings
	}
	one := run(1, names)
	if len(one) != 9 {
		t.Errorf("%d findings, want one in each file and one in the header", len(one))
	}
	reversed := slices.Clone(names)
	slices.Reverse(reversed)
	if diff := cmp.Diff(one, run(4, reversed)); diff != "" {
		t.Errorf("with more jobs and another order:\n%s", diff)
	}
}

func TestCheckCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.bpf.c"), []byte(header+"SEC(\"xdp\") int f(void *c) { return 0; }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := analyzer.Check(ctx, []string{dir}, analyzer.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Check gives %v", err)
	}
}

func TestNamedFailures(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.c")
	if err := os.WriteFile(bad, []byte("SEC(\"xdp\") int x = ;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	named, err := analyzer.Check(t.Context(), []string{"bad.c"}, analyzer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(named.Failed) != 1 || len(named.Skipped) != 0 || named.Failed[0].Span.Line != 1 || named.Failed[0].Span.File != "bad.c" {
		t.Errorf("named: failed %v, skipped %v", named.Failed, named.Skipped)
	}
	walked, err := analyzer.Check(t.Context(), []string{"."}, analyzer.Options{Dir: dir, Notes: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(walked.Failed) != 0 || len(walked.Skipped) != 1 {
		t.Errorf("walked: failed %v, skipped %v", walked.Failed, walked.Skipped)
	}
	if len(walked.Findings) != 1 || walked.Findings[0].Rule != "BLC001" || walked.Findings[0].Span.Line != 1 {
		t.Errorf("walked: %v, want a BLC001 on line 1", walked.Findings)
	}
}
