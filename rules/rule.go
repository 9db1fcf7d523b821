package rules

import (
	"embed"
	"fmt"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// Rule is one entry of the catalogue.
type Rule struct {
	ID       string // "BLC101"; stable, never reused
	Name     string // "lost-update"
	Severity diag.Severity
	Summary  string // one line, without a full stop
	// Check reports what it finds in the pass's model. It is nil for rules that
	// are found elsewhere: in the tool itself and in Go userspace.
	Check func(*Pass)
}

//go:embed *.md
var pages embed.FS

// File is the base name of the rule's files: "blc101_lost_update".
func (r *Rule) File() string {
	return strings.ToLower(r.ID) + "_" + strings.ReplaceAll(r.Name, "-", "_")
}

// Page gives the rule's documentation in Markdown. Every rule of the catalogue
// has one; a test holds it.
func Page(r *Rule) string {
	b, err := pages.ReadFile(r.File() + ".md")
	if err != nil {
		return fmt.Sprintf("# %s %s\n\n%s.\n", r.ID, r.Name, r.Summary)
	}
	return string(b)
}

// All gives the catalogue in the order of the identifiers.
func All() []*Rule { return append([]*Rule(nil), catalogue...) }

// Lookup finds a rule by its identifier or its name, in any case; nil when
// there is none.
func Lookup(idOrName string) *Rule {
	for _, r := range catalogue {
		if strings.EqualFold(r.ID, idOrName) || strings.EqualFold(r.Name, idOrName) {
			return r
		}
	}
	return nil
}
