package lsp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/fixer"
	"github.com/bpflockcheck/bpflockcheck/internal/report"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// fixable has a fix of every kind, behind text whose columns differ between
// bytes, UTF-16 units and characters.
const fixable = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct value {
	struct bpf_spin_lock lock;
	__u64 n, at;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct value);
} locked SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 one = 1, *c = bpf_map_lookup_elem(&counts, &key);
	/* größer 😀 */ if (c) { (*c) +=
		one /* a line */
		+ 1; return XDP_PASS; }
	/* 😀 */ bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	struct value *v = bpf_map_lookup_elem(&locked, &key);
	if (!v)
		return XDP_DROP;
	bpf_spin_lock(&v->lock);
	/* äöü */ v->at = bpf_ktime_get_ns();
	/* ß */ if (v->n++ > 3) return v->n;
	if (v->n)
		return XDP_PASS; /* 😀 */ // bpflockcheck:ignore BLC101 nothing to silence
	bpf_spin_unlock(&v->lock);
	return XDP_PASS;
}

SEC("xdp")
int keep(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 one = 1, *c = bpf_map_lookup_elem(&counts, &key);
	if (!c) {
		bpf_map_update_elem(&counts, &key, &one, 0);
		return XDP_PASS;
	}
	return ++*c > 9;
}
char _license[] SEC("license") = "GPL";
`

// change replaces bytes of the file.
type change struct {
	from, to int
	text     string
}

func changed(text string, cs []change) string {
	slices.SortStableFunc(cs, func(a, b change) int { return b.from - a.from })
	for _, c := range cs {
		text = text[:c.from] + c.text + text[c.to:]
	}
	return text
}

// utf16Offset converts a line and a column in UTF-16 units, both from 1.
func utf16Offset(text string, line, col int) int {
	off := 0
	for range line - 1 {
		off += strings.IndexByte(text[off:], '\n') + 1
	}
	for _, r := range text[off:] {
		if col <= 1 {
			break
		}
		col--
		if r > 0xffff {
			col--
		}
		off += len(string(r))
	}
	return off
}

func byteOffset(text string, line, col int) int {
	off := 0
	for range line - 1 {
		off += strings.IndexByte(text[off:], '\n') + 1
	}
	return off + col - 1
}

// TestSameEditsEverywhere: --fix, JSON, SARIF and the editor's code action make
// the same text of each finding.
func TestSameEditsEverywhere(t *testing.T) {
	for name, newline := range map[string]string{"LF": "\n", "CRLF": "\r\n"} {
		t.Run(name, func(t *testing.T) { sameEditsEverywhere(t, strings.ReplaceAll(fixable, "\n", newline)) })
	}
}

func sameEditsEverywhere(t *testing.T, fixable string) {
	dir := workspace(t, map[string]string{"a.bpf.c": fixable})
	path := filepath.Join(dir, "a.bpf.c")
	res, err := analyzer.Check(context.Background(), []string{"a.bpf.c"}, analyzer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	files := &source.Files{Dir: dir}
	rep := &report.Report{Findings: res.Findings, Files: files, Root: dir}
	for _, f := range res.Findings {
		rep.Rules = append(rep.Rules, report.Rule{ID: f.Rule, Name: f.Name, Title: f.Name})
	}
	fromJSON, fromSARIF := jsonFixes(t, fixable, rep), sarifFixes(t, fixable, rep)
	if len(fromJSON) != len(res.Findings) || len(fromSARIF) != len(res.Findings) {
		t.Fatalf("%d findings, %d in JSON, %d in SARIF", len(res.Findings), len(fromJSON), len(fromSARIF))
	}
	kinds := map[string]bool{}
	for i, f := range res.Findings {
		if f.Fix == nil {
			continue
		}
		kinds[f.Rule] = true
		plan := fixer.Make([]diag.Finding{f}, files, true)
		if len(plan.Refused) > 0 {
			t.Errorf("%s %s: %v", f.Span, f.Rule, plan.Refused[0].Err)
			continue
		}
		want := string(plan.Changed["a.bpf.c"])
		if got := changed(fixable, fromJSON[i]); got != want {
			t.Errorf("%s %s by JSON:\n%s\nwant\n%s", f.Span, f.Rule, got, want)
		}
		if got := changed(fixable, fromSARIF[i]); got != want {
			t.Errorf("%s %s by SARIF:\n%s\nwant\n%s", f.Span, f.Rule, got, want)
		}
		if got := byEditor(t, path, &f); got != want {
			t.Errorf("%s %s by the editor:\n%s\nwant\n%s", f.Span, f.Rule, got, want)
		}
	}
	for _, rule := range []string{"BLC002", "BLC101", "BLC103", "BLC201", "BLC204"} {
		if !kinds[rule] {
			t.Errorf("no fix for %s among %d findings", rule, len(res.Findings))
		}
	}
}

func jsonFixes(t *testing.T, fixable string, rep *report.Report) (out [][]change) {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, "json", rep, report.Options{}); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Findings []struct {
			Fix struct {
				Edits []struct {
					Line      int
					Column    int
					EndLine   int    `json:"end_line"`
					EndColumn int    `json:"end_column"`
					NewText   string `json:"new_text"`
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, f := range doc.Findings {
		var cs []change
		for _, e := range f.Fix.Edits {
			cs = append(cs, change{byteOffset(fixable, e.Line, e.Column), byteOffset(fixable, e.EndLine, e.EndColumn), e.NewText})
		}
		out = append(out, cs)
	}
	return out
}

func sarifFixes(t *testing.T, fixable string, rep *report.Report) (out [][]change) {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, "sarif", rep, report.Options{}); err != nil {
		t.Fatal(err)
	}
	type sarifResult struct {
		Message   struct{ Text string }
		RuleID    string
		Locations []struct {
			PhysicalLocation struct {
				Region struct{ StartLine, StartColumn int }
			}
		}
		Fixes []struct {
			ArtifactChanges []struct {
				Replacements []struct {
					DeletedRegion   struct{ StartLine, StartColumn, EndLine, EndColumn int }
					InsertedContent struct{ Text string }
				}
			}
		}
	}
	var doc struct {
		Runs []struct{ Results []sarifResult }
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	// Its results are in another order.
	for _, f := range rep.Findings {
		i := slices.IndexFunc(doc.Runs[0].Results, func(r sarifResult) bool {
			reg := r.Locations[0].PhysicalLocation.Region
			return r.RuleID == f.Rule && reg.StartLine == f.Span.Line && utf16Offset(fixable, reg.StartLine, reg.StartColumn) == byteOffset(fixable, f.Span.Line, f.Span.Col)
		})
		if i < 0 {
			t.Fatalf("%s %s is not in the SARIF report", f.Span, f.Rule)
		}
		var cs []change
		for _, fix := range doc.Runs[0].Results[i].Fixes {
			for _, ac := range fix.ArtifactChanges {
				for _, r := range ac.Replacements {
					d := r.DeletedRegion
					if d.EndLine == 0 {
						d.EndLine = d.StartLine
					}
					cs = append(cs, change{utf16Offset(fixable, d.StartLine, d.StartColumn), utf16Offset(fixable, d.EndLine, d.EndColumn), r.InsertedContent.Text})
				}
			}
		}
		out = append(out, cs)
	}
	return out
}

// byEditor gives the buffer after the code action that fixes a finding.
func byEditor(t *testing.T, path string, f *diag.Finding) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := start(t)
	c.initialize([]string{filepath.Dir(path)}, nil)
	b := c.open(path, string(text))
	b.diagnostics()
	at := b.position(byteOffset(string(text), f.Span.Line, f.Span.Col))
	for _, a := range b.actions(rng{at, at}, "quickfix") {
		if strings.HasPrefix(a.Title, "Fix: "+f.Fix.Title) && codes(a.Diagnostics) == codes(a.Diagnostics[:1]) && strings.HasPrefix(codes(a.Diagnostics), f.Rule+"@") {
			b.apply(a)
			c.shutDown()
			return b.text
		}
	}
	t.Errorf("%s %s: no code action %q", f.Span, f.Rule, f.Fix.Title)
	c.shutDown()
	return ""
}
