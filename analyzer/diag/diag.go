// Package diag holds what the tool says: findings, their places and fixes, and
// what was skipped. It is the one structure that every output format, the
// language server and the Go analyzer render.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Severity orders how bad a finding is; see the fail-on flag.
type Severity int

// Note is advice, shown only when asked for; Warning is a race with evidence;
// Error is refused by the kernel, or fails or deadlocks when it runs.
const (
	Note Severity = iota + 1
	Warning
	Error
)

// String gives the word used in every output format.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("Severity(%d)", int(s))
}

// ParseSeverity is the inverse of String.
func ParseSeverity(s string) (Severity, error) {
	switch strings.ToLower(s) {
	case "note":
		return Note, nil
	case "warning":
		return Warning, nil
	case "error":
		return Error, nil
	}
	return 0, fmt.Errorf("unknown severity %q: want error, warning or note", s)
}

// MarshalText makes a severity its word in JSON and YAML.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word back.
func (s *Severity) UnmarshalText(b []byte) (err error) {
	*s, err = ParseSeverity(string(b))
	return err
}

// Confidence is how sure a finding is.
type Confidence int

// High: you would bet on it. Medium: it needs a fact about the deployment that
// the code does not show. Low: a guess, shown only when asked for.
const (
	Low Confidence = iota + 1
	Medium
	High
)

// String gives the word used in every output format.
func (c Confidence) String() string {
	switch c {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	}
	return fmt.Sprintf("Confidence(%d)", int(c))
}

// MarshalText makes a confidence its word in JSON.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the word back.
func (c *Confidence) UnmarshalText(b []byte) error {
	for _, x := range []Confidence{Low, Medium, High} {
		if x.String() == string(b) {
			*c = x
			return nil
		}
	}
	return fmt.Errorf("unknown confidence %q: want high, medium or low", b)
}

// Program names an entry program.
type Program struct {
	Name    string `json:"name"`
	Section string `json:"section"`
}

// Related is another place that belongs to a finding, with what happens there.
type Related struct {
	Span    position.Span
	Message string
	// When it happens, seen from the finding's own place.
	When When
}

// When orders a related place and a finding's own.
type When int

const (
	// Before the finding's own place, in the same run. It is also that of
	// places where nothing happens: declarations.
	Before When = iota
	// After it, in the same run.
	After
	// OtherSide is at the same time, on the other side of the race: another CPU,
	// or what interrupts this one.
	OtherSide
)

// Edit replaces the text of a span.
type Edit struct {
	Span    position.Span
	NewText string
}

// Fix is a change of the source that mends a finding. Safe means that it keeps
// the program's meaning but for the race.
type Fix struct {
	Title string
	Safe  bool
	Edits []Edit
}

// Evidence says which reader saw a finding.
type Evidence string

// The readers.
const (
	FromSource   Evidence = "source"
	FromObject   Evidence = "object"
	FromGo       Evidence = "go"
	FromVerifier Evidence = "verifier"
)

// Finding is one defect at one place.
type Finding struct {
	Rule       string // BLC101
	Name       string // lost-update
	Severity   Severity
	Confidence Confidence
	Span       position.Span
	Function   string
	Programs   []Program
	Map        string // map or global variable concerned
	Field      string // path of the field within the value, "a.b"
	Message    string // one sentence: what can go wrong, with the names
	Help       string // one line: what to do about it
	Related    []Related
	Fix        *Fix
	Evidence   []Evidence
	// Insn is the number of the BPF instruction plus one (0: none), and Object
	// the ELF object's path, for findings in an object.
	Insn   int
	Object string
}

// AgreeOnFix drops the fix of f, about the same text as g, unless g has the same
// one: what mends one use of the text must not break the other. A finding in an
// object never has a fix and so says nothing against one.
func (f *Finding) AgreeOnFix(g *Finding) {
	switch {
	case f.Fix.equal(g.Fix):
	case !slices.Contains(f.Evidence, FromSource) && !slices.Contains(f.Evidence, FromGo):
		f.Fix, f.Help = g.Fix, g.Help
	case slices.Contains(g.Evidence, FromSource) || slices.Contains(g.Evidence, FromGo):
		if f.Fix != nil && g.Fix == nil {
			f.Help = g.Help // it says why
		}
		f.Fix = nil
	}
}

func (f *Fix) equal(g *Fix) bool {
	return f == nil && g == nil || f != nil && g != nil && slices.Equal(f.Edits, g.Edits)
}

// ChangeSpans lets change alter every span of the finding: its own, those of
// related places and of the fix's edits. Findings that were copied from f, or
// that f was copied from, keep theirs.
func (f *Finding) ChangeSpans(change func(*position.Span)) {
	change(&f.Span)
	f.Related = slices.Clone(f.Related)
	for i := range f.Related {
		change(&f.Related[i].Span)
	}
	if f.Fix == nil {
		return
	}
	fix := *f.Fix
	fix.Edits = slices.Clone(fix.Edits)
	for i := range fix.Edits {
		change(&fix.Edits[i].Span)
	}
	f.Fix = &fix
}

// Compare is a total order on findings: by place, then rule, then the rest.
func (f *Finding) Compare(o *Finding) int {
	return cmp.Or(
		f.Span.Compare(o.Span),
		cmp.Compare(f.Rule, o.Rule),
		cmp.Compare(f.Object, o.Object),
		cmp.Compare(f.Insn, o.Insn),
		cmp.Compare(f.Function, o.Function),
		cmp.Compare(f.Map, o.Map),
		cmp.Compare(f.Field, o.Field),
		cmp.Compare(f.Message, o.Message),
	)
}

// Skip names something that could not be analysed, and why.
type Skip struct {
	Span     position.Span
	Function string
	Reason   string
	// Fatal means that nothing of the input could be analysed.
	Fatal bool
}

// Compare is a total order on skips.
func (s Skip) Compare(o Skip) int {
	return cmp.Or(s.Span.Compare(o.Span), cmp.Compare(s.Function, o.Function), cmp.Compare(s.Reason, o.Reason))
}

// String gives the line that the text output prints after "skipped: ".
func (s Skip) String() string {
	if s.Function != "" {
		return fmt.Sprintf("%s: function %s: %s", s.Span, s.Function, s.Reason)
	}
	return fmt.Sprintf("%s: %s", s.Span, s.Reason)
}
