package report

import (
	"io"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/fingerprint"
)

// gitlabIssue is an entry of GitLab's code quality report, a subset of the
// Code Climate format (docs.gitlab.com, "Code Quality report format").
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"` // relative to the repository, without ./
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end,omitempty"`
}

func writeGitLab(w io.Writer, r *Report, _ Options) error {
	out := []gitlabIssue{}
	prints := fingerprint.All(r.Findings, r.Files, r.relative)
	for i := range r.Findings {
		f := &r.Findings[i]
		severity := "major" // of info, minor, major, critical, blocker
		switch f.Severity {
		case diag.Error:
			severity = "critical"
		case diag.Note:
			severity = "info"
		}
		out = append(out, gitlabIssue{
			Description: f.Message,
			CheckName:   f.Rule + " " + f.Name,
			Fingerprint: prints[i],
			Severity:    severity,
			Location:    gitlabLocation{r.relative(place(f)), gitlabLines{max(f.Span.Line, 1), f.Span.EndLine}},
		})
	}
	return encodeJSON(w, out)
}
