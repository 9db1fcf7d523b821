package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// writeGitHub writes workflow commands, which the runner turns into
// annotations. It displays ten of each type a step, so the most severe come
// first. Escapes are those of the runner (actions/toolkit, command.ts).
func writeGitHub(w io.Writer, r *Report, _ Options) error {
	bw := bufio.NewWriter(w)
	for _, i := range bySeverity(r.Findings) {
		f := &r.Findings[i]
		kind := "warning"
		switch f.Severity {
		case diag.Error:
			kind = "error"
		case diag.Note:
			kind = "notice"
		}
		props := []string{"file=" + ghProperty(r.relative(place(f)))}
		add := func(key string, n int) {
			if n > 0 {
				props = append(props, fmt.Sprintf("%s=%d", key, n))
			}
		}
		add("line", f.Span.Line)
		add("endLine", f.Span.EndLine)
		// Columns count only within one line.
		if f.Span.EndLine == 0 || f.Span.EndLine == f.Span.Line {
			add("col", f.Span.Col)
			add("endColumn", f.Span.EndCol)
		}
		props = append(props, "title="+ghProperty(f.Rule+" "+f.Name))
		var text strings.Builder
		text.WriteString(f.Message)
		for _, rel := range f.Related {
			span := rel.Span
			span.File = r.relative(span.File)
			fmt.Fprintf(&text, "\n%s: %s", span, rel.Message)
		}
		if f.Help != "" {
			text.WriteString("\nhelp: " + f.Help)
		}
		fmt.Fprintf(bw, "::%s %s::%s\n", kind, strings.Join(props, ","), ghData(text.String()))
	}
	return bw.Flush()
}

func ghData(s string) string {
	s = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
	return clean(s)
}

func ghProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(ghData(s))
}
