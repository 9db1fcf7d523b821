package cli

import (
	"fmt"
	"strings"
)

// maxHeaderNotes is how many headers are named one by one.
const maxHeaderNotes = 2

// condense makes one note of those on headers that were found by their names,
// so that a tree with many of them does not bury what was skipped.
func condense(notes []string) []string {
	var out []string
	found, at := 0, 0
	for _, n := range notes {
		what, ok := strings.CutPrefix(n, "header ")
		if name, path, as := strings.Cut(what, " found as "); ok && as {
			if found++; found == 1 {
				at = len(out)
				what = name
				if path != name {
					what += " as " + path
				}
				out = append(out, what)
			}
			continue
		}
		out = append(out, n)
	}
	switch {
	case found > maxHeaderNotes:
		out[at] = fmt.Sprintf("%d headers found by name, without an include path, such as %s (--verbose names them all)", found, out[at])
		return out
	case found > 0:
		return notes
	}
	return out
}
