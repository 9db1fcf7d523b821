package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// TestGitLab holds the report to what GitLab's parser wants of an entry
// (docs.gitlab.com, "Code Quality report format"): five keys, a fingerprint of
// its own, one of five severities, a path without "./", a first line.
func TestGitLab(t *testing.T) {
	r := sample()
	// The same finding three times: their fingerprints must differ.
	r.Findings = append(r.Findings, r.Findings[0], r.Findings[0])
	r.Findings = slices.Concat(r.Findings, hostile().Findings)
	var issues []map[string]any
	if err := json.Unmarshal([]byte(write(t, "gitlab", r, Options{})), &issues); err != nil {
		t.Fatal(err)
	}
	if len(issues) != len(r.Findings) {
		t.Fatalf("%d entries for %d findings", len(issues), len(r.Findings))
	}
	seen := map[string]bool{}
	for i, issue := range issues {
		text := func(key string) string {
			s, ok := issue[key].(string)
			if !ok || s == "" {
				t.Errorf("entry %d: no text in %q: %v", i, key, issue[key])
			}
			return s
		}
		text("description")
		text("check_name")
		if print := text("fingerprint"); seen[print] {
			t.Errorf("entry %d: its fingerprint is another's", i)
		} else {
			seen[print] = true
		}
		if s := text("severity"); !slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, s) {
			t.Errorf("entry %d: severity %q", i, s)
		}
		loc, _ := issue["location"].(map[string]any)
		path, _ := loc["path"].(string)
		lines, _ := loc["lines"].(map[string]any)
		begin, _ := lines["begin"].(float64)
		if path == "" || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "/") || begin < 1 {
			t.Errorf("entry %d: location %v", i, loc)
		}
	}
	if got := []diag.Severity{r.Findings[0].Severity, r.Findings[2].Severity}; issues[0]["severity"] != "major" || issues[2]["severity"] != "critical" {
		t.Errorf("severities %v become %v and %v", got, issues[0]["severity"], issues[2]["severity"])
	}
}
