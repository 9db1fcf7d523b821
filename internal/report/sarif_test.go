package report

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// TestSARIFValidates asks Microsoft's validator, which knows the schema and the
// rules that GitHub and others add to it.
func TestSARIFValidates(t *testing.T) {
	tool := external.Require(t, "Sarif.Multitool", "npm install @microsoft/sarif-multitool-linux")
	for name, r := range map[string]*Report{"sample": sample(), "hostile": hostile(), "empty": {Files: sample().Files}} {
		t.Run(name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "in.sarif")
			out := filepath.Join(t.TempDir(), "out.sarif")
			if err := os.WriteFile(in, []byte(write(t, "sarif", r, Options{})), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tool, "validate", in, "--output", out) //nolint:gosec // the validator that was looked for
			cmd.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			var log struct {
				Runs []struct {
					Results []struct {
						RuleID, Level string
						Message       struct {
							Arguments []string
						}
					}
				}
			}
			if err := json.Unmarshal(b, &log); err != nil {
				t.Fatal(err)
			}
			if len(log.Runs) != 1 {
				t.Fatalf("the validator reports %d runs, want 1", len(log.Runs))
			}
			for _, res := range log.Runs[0].Results {
				if res.Level != "note" {
					t.Errorf("%s: %s: %q", res.RuleID, res.Level, res.Message.Arguments)
				}
			}
		})
	}
}

// TestSARIFColumns holds columns to UTF-16 code units (SARIF 3.30.6 with
// columnKind utf16CodeUnits): a character outside the Basic Multilingual Plane
// counts twice, however many bytes it has.
func TestSARIFColumns(t *testing.T) {
	const text = "/* é 漢 😀𝒳 */ x++; y++;"
	span := func(word string) position.Span {
		i := strings.Index(text, word) + 1
		return position.Span{File: "a.c", Line: 1, Col: i, EndLine: 1, EndCol: i + len(word)}
	}
	r := &Report{
		Findings: []diag.Finding{{Rule: "BLC101", Name: "lost-update", Severity: diag.Warning, Message: "m", Span: span("x++"),
			Related: []diag.Related{{Span: span("y++"), Message: "r"}},
			Fix:     &diag.Fix{Title: "f", Edits: []diag.Edit{{Span: span("y++"), NewText: "😀"}}}}},
		Files: &source.Files{Overlay: map[string][]byte{"a.c": []byte(text)}},
	}
	var log sarifLog
	if err := json.Unmarshal([]byte(write(t, "sarif", r, Options{})), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if run.ColumnKind != "utf16CodeUnits" {
		t.Errorf("columnKind %q", run.ColumnKind)
	}
	res := run.Results[0]
	check := func(what, word string, reg sarifRegion) {
		t.Helper()
		units := utf16.Encode([]rune(text))
		if reg.StartColumn < 1 || reg.EndColumn-1 > len(units) || reg.EndColumn <= reg.StartColumn {
			t.Fatalf("%s: columns %d to %d", what, reg.StartColumn, reg.EndColumn)
		}
		if got := string(utf16.Decode(units[reg.StartColumn-1 : reg.EndColumn-1])); got != word {
			t.Errorf("%s: columns %d to %d are %q, want %q", what, reg.StartColumn, reg.EndColumn, got, word)
		}
	}
	check("result", "x++", *res.Locations[0].Physical.Region)
	check("related location", "y++", *res.Related[0].Physical.Region)
	check("deleted region", "y++", res.Fixes[0].Changes[0].Replacements[0].Deleted)
	for _, flow := range res.CodeFlows[0].ThreadFlows {
		check("thread flow", "x++", *flow.Locations[len(flow.Locations)-1].Location.Physical.Region)
	}
}

// TestSARIFLimits: GitHub refuses a run with more results, and a result with
// more locations, so that what is worst must be kept.
func TestSARIFLimits(t *testing.T) {
	r := &Report{Files: &source.Files{}}
	many := diag.Finding{Rule: "BLC101", Severity: diag.Note, Message: "m", Span: position.Span{File: "a.c", Line: 1}}
	for range sarifMaxRelated + 1 {
		many.Related = append(many.Related, diag.Related{Span: many.Span, Message: "r"})
	}
	few := many
	few.Related = nil
	for range sarifMaxResults {
		r.Findings = append(r.Findings, few)
	}
	many.Severity = diag.Error
	r.Findings = append(r.Findings, many)
	var log sarifLog
	if err := json.Unmarshal([]byte(write(t, "sarif", r, Options{})), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if n := len(run.Results); n != sarifMaxResults || run.Results[0].Level != "error" {
		t.Errorf("%d results, the first of level %s", n, run.Results[0].Level)
	}
	if n := len(run.Results[0].Related) + len(run.Results[0].Locations); n > 1000 {
		t.Errorf("%d locations in a result", n)
	}
	if n := run.Invocations[0].Notifications; len(n) != 1 || !strings.Contains(n[0].Message.Text, "25000") {
		t.Errorf("what was left out is not said: %v", n)
	}
}
