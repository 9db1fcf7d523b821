package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

const sourceText = "// a comment\n" +
	"SEC(\"xdp\")\n" +
	"int count_flow(struct xdp_md *ctx)\n" +
	"{\n" +
	"\tstruct stats *v = bpf_map_lookup_elem(&flows, &key); /* größe 😀 */ v->bytes += len;\n" +
	"\tif (v)\n" +
	"\t\tv->packets =\n" +
	"\t\t\tv->packets + 1;\n" +
	"}\n"

// sample is a report that uses every field that formats show.
func sample() *Report {
	span := func(line, col, endLine, endCol int) position.Span {
		return position.Span{File: "src/flow.bpf.c", Line: line, Col: col, EndLine: endLine, EndCol: endCol}
	}
	col := strings.Index(strings.Split(sourceText, "\n")[4], "v->bytes") + 1
	xdp := []diag.Program{{Name: "count_flow", Section: "xdp"}}
	return &Report{
		Findings: []diag.Finding{
			{
				Rule: "BLC101", Name: "lost-update", Severity: diag.Warning, Confidence: diag.High,
				Span: span(5, col, 5, col+len("v->bytes += len")), Function: "count_flow", Programs: xdp,
				Map: "flows", Field: "slots[].bytes", Message: "two CPUs can both load flows.slots[].bytes, and one update is lost",
				Help: "use __sync_fetch_and_add", Evidence: []diag.Evidence{diag.FromSource, diag.FromObject},
				Object: "build/flow.o", Insn: 13,
				Related: []diag.Related{{Span: span(5, col, 0, 0), Message: "loaded here"}, {Span: span(3, 5, 3, 15), Message: "in [this] function"}},
				Fix: &diag.Fix{Title: "make the update atomic", Safe: true, Edits: []diag.Edit{
					{Span: span(5, col, 5, col+len("v->bytes += len")), NewText: "__sync_fetch_and_add(&v->bytes, len)"},
				}},
			},
			{
				Rule: "BLC104", Name: "mixed-atomicity", Severity: diag.Note, Confidence: diag.Medium,
				Span: span(7, 3, 8, 18), Function: "helper", Programs: append(xdp, diag.Program{Name: "other", Section: "tc"}),
				Map: "flows", Message: "a plain store", Evidence: []diag.Evidence{diag.FromSource},
				Related: []diag.Related{{Span: span(5, 2, 0, 0), Message: "updated atomically here", When: diag.OtherSide}},
				Fix: &diag.Fix{Title: "rewrite it", Edits: []diag.Edit{
					{Span: span(7, 3, 7, 3), NewText: "x"},
				}},
			},
			{
				Rule: "BLC201", Name: "lock-leak", Severity: diag.Error, Confidence: diag.High,
				Span: position.Span{File: "build/flow.o"}, Function: "count_flow", Programs: xdp, Object: "build/flow.o", Insn: 1,
				Message: "the program ends with a lock held", Evidence: []diag.Evidence{diag.FromObject},
			},
		},
		Skipped: []diag.Skip{{Span: span(9, 1, 0, 0), Function: "f", Reason: "inline assembly"}},
		Failed:  []diag.Skip{{Span: position.Span{File: "missing.c"}, Reason: "no such file or directory", Fatal: true}},
		Notes:   []string{"no vmlinux.h: kernel types come from BTF"},
		Inputs:  []string{"src/flow.bpf.c", "src/clean.bpf.c", "build/flow.o"}, Programs: 2, Elapsed: 1234 * time.Millisecond,
		Files: &source.Files{Dir: "/repo", Overlay: map[string][]byte{"src/flow.bpf.c": []byte(sourceText), "build/flow.o": []byte("\x7fELF")}},
		Root:  "/repo",
		Rules: []Rule{
			{ID: "BLC101", Name: "lost-update", Severity: diag.Warning, Title: "an update is lost", Page: "# BLC101\n"},
			{ID: "BLC201", Name: "lock-leak", Severity: diag.Error, Title: "a lock is held at the exit"},
		},
		Version: "v1.2.3",
	}
}

// hostile is a report whose every text tries to break out.
func hostile() *Report {
	const evil = "a\x1b[31mb\r\n::error::x##[error]##vso[a],:%<&\"'>]]>\x00\u009b\u202e\xff[x](1)\\"
	s := position.Span{File: "e\x1b\n:,<.c", Line: 1, Col: 2, EndLine: 1, EndCol: 400}
	return &Report{
		Findings: []diag.Finding{{
			Rule: "BLC101", Name: "lost-update", Severity: diag.Error, Span: s, Function: evil, Map: evil, Field: evil, Message: evil, Help: evil,
			Programs: []diag.Program{{Name: evil, Section: evil}}, Object: evil, Insn: 2,
			Related: []diag.Related{{Span: position.Span{File: s.File, Line: 2, Col: 900}, Message: evil}},
			Fix:     &diag.Fix{Title: evil, Edits: []diag.Edit{{Span: s, NewText: evil}}},
		}},
		Skipped: []diag.Skip{{Span: s, Function: evil, Reason: evil}},
		Notes:   []string{evil},
		Inputs:  []string{evil},
		Files:   &source.Files{Overlay: map[string][]byte{s.File: []byte(evil + "\n\x1b]0;title\x07\n")}},
		Rules:   []Rule{{ID: "BLC101", Name: "lost-update", Title: evil, Page: evil}},
		Version: evil,
	}
}

func write(t *testing.T, name string, r *Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, name, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, name := range Formats() {
		t.Run(name, func(t *testing.T) {
			got := write(t, name, sample(), Options{Complete: true})
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestColor(t *testing.T) {
	colored := write(t, "text", sample(), Options{Color: true, Complete: true})
	plain := write(t, "text", sample(), Options{Complete: true})
	if !strings.Contains(colored, styleYellow+"warning[BLC101]"+styleReset) {
		t.Error("no colour")
	}
	for _, style := range []string{styleReset, styleBold, styleRed, styleYellow, styleCyan, styleBlue, styleGreen} {
		colored = strings.ReplaceAll(colored, style, "")
	}
	if diff := cmp.Diff(plain, colored); diff != "" {
		t.Errorf("colour changes more than colour:\n%s", diff)
	}
}

// TestHostile holds every format to what its reader takes for syntax.
func TestHostile(t *testing.T) {
	for _, name := range Formats() {
		t.Run(name, func(t *testing.T) {
			out := write(t, name, hostile(), Options{Complete: true})
			safe(t, name, out, 1)
			if name == "github" {
				props, _, _ := strings.Cut(strings.TrimPrefix(out, "::error "), "::")
				if !strings.HasPrefix(props, "file=e") || strings.Count(props, ",") != 5 {
					t.Errorf("properties are broken: %q", props)
				}
			}
		})
	}
}

// safe holds a report to what no text in it may do to its reader: a terminal,
// the runner of a CI service, which reads commands out of a log, or a parser.
func safe(t *testing.T, format, out string, findings int) {
	t.Helper()
	for _, r := range out {
		if r != '\n' && dangerous(r) {
			t.Errorf("holds the control character %q", r)
		}
	}
	if !utf8.ValidString(out) {
		t.Error("is not UTF-8")
	}
	switch format {
	case "text":
		for line := range strings.Lines(out) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") {
				t.Errorf("holds a workflow command: %q", line)
			}
		}
		for _, command := range []string{"##[", "##vso[", "##teamcity["} {
			if strings.Contains(out, command) {
				t.Errorf("holds a command of a CI service, %s", command)
			}
		}
	case "github":
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(lines) != findings {
			t.Errorf("%d lines for %d findings:\n%s", len(lines), findings, out)
		}
		for _, line := range lines {
			if !workflowCommand.MatchString(line) {
				t.Errorf("is no annotation: %q", line)
			}
		}
	case "checkstyle", "junit":
		strictXML(t, out)
	case "json", "gitlab", "sarif":
		if !json.Valid([]byte(out)) {
			t.Errorf("not JSON:\n%s", out)
		}
	}
}

// workflowCommand is one annotation as the runner splits it (actions/runner,
// ActionCommand.cs): the properties end at the next "::", and are split at
// commas.
var workflowCommand = regexp.MustCompile(`^::(error|warning|notice) file=[^:,]*(,(line|endLine|col|endColumn)=\d+)*,title=[^:,]*::`)

// strictXML parses a document to its end.
func strictXML(t *testing.T, doc string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, doc)
		}
	}
}

func TestEmpty(t *testing.T) {
	r := &Report{Files: &source.Files{}, Inputs: []string{"a.c"}}
	for name, want := range map[string]string{
		"text": "", "github": "", "gitlab": "[]\n",
		"json": "{\n  \"version\": 1,\n  \"findings\": [],\n  \"skipped\": [],\n  \"summary\": {\n    \"files\": 1,\n    \"programs\": 0,\n    \"findings\": 0\n  }\n}\n",
	} {
		if got := write(t, name, r, Options{}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	strictXML(t, write(t, "checkstyle", r, Options{}))
	strictXML(t, write(t, "junit", r, Options{}))
}

func TestSummary(t *testing.T) {
	r := sample()
	want := "3 findings (1 error, 1 warning, 1 note) in 3 files, 2 programs, 1 skipped, 1.23s"
	if got := Summary(r); got != want {
		t.Errorf("Summary = %q, want %q", got, want)
	}
}

func TestRender(t *testing.T) {
	long := strings.Repeat("a", 500) + "X" + strings.Repeat("b", 500)
	tests := []struct {
		name, line  string
		from, to    int
		text, marks string
	}{
		{"plain", "int a;", 4, 5, "int a;", "    ^"},
		{"tab", "\tx", 1, 2, "    x", "    ^"},
		{"marked tab", "\tx", 0, 1, "    x", "^^^^"},
		{"wide", "äß漢x", 7, 8, "äß漢x", "    ^"},
		{"combining", "e\u0301x", 3, 4, "e\u0301x", " ^"},
		{"control", "\x1bx", 1, 2, `\x1bx`, "    ^"},
		{"invalid", "\xffx", 1, 2, `\xffx`, "    ^"},
		{"behind the end", "ab", 2, 3, "ab", "  ^"},
		{"empty", "", 0, 1, "", "^"},
		{"command", "a ##[error]x", 11, 12, `a #\x23[error]x`, "              ^"},
		{"command", "##vso[x", 0, 1, `#\x23vso[x`, "^"},
		{"pasted", "a##b[1]", 0, 1, "a##b[1]", "^"},
	}
	for _, tt := range tests {
		text, marks := render([]byte(tt.line), tt.from, tt.to, '^')
		if text != tt.text || marks != tt.marks {
			t.Errorf("%s: %q %q, want %q %q", tt.name, text, marks, tt.text, tt.marks)
		}
	}
	text, marks := render([]byte(long), 500, 501, '^')
	if len(text) > maxColumns+10 || text[strings.Index(marks, "^")] != 'X' {
		t.Errorf("a long line is not cut around its mark: %q %q", text, marks)
	}
}

// FuzzFormats writes reports of any file, file name and text in every format.
func FuzzFormats(f *testing.F) {
	f.Add("int a;\n\tb", "a.c", "text", 1, 2, 1, 5)
	f.Add("\xff\u202e\x1b[31m", "a\n::error::x.c", "]]>&<", 1, 1, 9, 0)
	f.Add("::error::x\n##[error]x", "##vso[x]", "\r\n::set-output name=x::y", 2, 1, 2, 4)
	f.Add("\ufffe\x00", "file:///%0A,:", "[x](1)\\", 1, 9, 1, 2)
	f.Fuzz(func(t *testing.T, src, file, text string, line, col, endLine, endCol int) {
		s := position.Span{File: file, Line: line, Col: col, EndLine: endLine, EndCol: endCol}
		one := diag.Finding{
			Rule: "BLC101", Name: "lost-update", Severity: diag.Error, Span: s, Function: text, Map: text, Field: text, Message: text, Help: text,
			Programs: []diag.Program{{Name: text, Section: text}}, Object: file,
			Related: []diag.Related{{Span: s, Message: text}, {Span: s, Message: text, When: diag.OtherSide}},
			Fix:     &diag.Fix{Title: text, Edits: []diag.Edit{{Span: s, NewText: text}}},
		}
		r := &Report{
			Findings: []diag.Finding{one, one},
			Skipped:  []diag.Skip{{Span: s, Function: text, Reason: text}},
			Failed:   []diag.Skip{{Span: s, Reason: text}},
			Notes:    []string{text}, Inputs: []string{file}, Root: "/repo",
			Files: &source.Files{Dir: "/repo", Overlay: map[string][]byte{file: []byte(src)}},
		}
		for _, name := range Formats() {
			var b bytes.Buffer
			if err := Write(&b, name, r, Options{Complete: true}); err != nil {
				t.Fatal(err)
			}
			safe(t, name, b.String(), 2)
		}
	})
}
