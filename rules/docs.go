package rules

import (
	"fmt"
	"strings"
)

//go:generate go run ../internal/gen/docs ../docs/rules

// groups are the headings of the index, by the first digit of the number.
var groups = []struct{ prefix, title string }{
	{"BLC0", "The tool"},
	{"BLC1", "Races on shared memory"},
	{"BLC2", "Lock discipline"},
	{"BLC3", "Userspace and the update helpers"},
	{"BLC4", "Deadlock and re-entrancy"},
}

// Docs gives the documentation of the rules as files: one page each, named
// BLC101.md, and an index, README.md.
func Docs() map[string]string {
	files := make(map[string]string)
	var index strings.Builder
	index.WriteString("# Rules\n\nGenerated from the pages in rules/ by `go generate ./rules`.\n\nSeverity: *error*, the kernel refuses it, or it fails or deadlocks when it runs; *warning*, a race with evidence; *note*, advice, shown only when asked for.\n")
	for _, g := range groups {
		fmt.Fprintf(&index, "\n## %s\n\n| rule | name | severity | what it finds |\n| --- | --- | --- | --- |\n", g.title)
		for _, r := range catalogue {
			if strings.HasPrefix(r.ID, g.prefix) {
				fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s | %s |\n", r.ID, r.ID, r.Name, r.Severity, r.Summary)
			}
		}
	}
	for _, r := range catalogue {
		files[r.ID+".md"] = Page(r)
	}
	files["README.md"] = index.String()
	return files
}
