package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// What a source file, a path or an object's symbol names hold is not trusted:
// it must not move the cursor, recolour the terminal, reorder the line or end
// an annotation early.

// dangerous reports whether a terminal may act on r instead of showing it:
// the C0 and C1 controls and the bidirectional format characters (Unicode
// TR36, "Trojan Source"). A tab is harmless.
func dangerous(r rune) bool {
	switch {
	case r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
		return true
	}
	return false
}

// serviceCommands are what the runners of CI services take for a command
// wherever in a line of a log it stands: GitHub's (actions/runner,
// ActionCommand.TryParse, whose "##[" outlived the newer "::"), Azure
// Pipelines' and TeamCity's.
var serviceCommands = []string{"##[", "##vso[", "##teamcity["}

// inCommand reports whether the byte at i is the second # of such a command;
// shown as an escape, it is none any more.
func inCommand(s string, i int) bool {
	if i == 0 || s[i] != '#' || s[i-1] != '#' {
		return false
	}
	for _, c := range serviceCommands {
		if strings.HasPrefix(s[i-1:], c) {
			return true
		}
	}
	return false
}

// clean makes a text safe to print on a terminal's line: what is dangerous is
// shown as an escape such as \x1b.
func clean(s string) string {
	ok := !strings.Contains(s, "##")
	for _, r := range s {
		if dangerous(r) || r == utf8.RuneError {
			ok = false
			break
		}
	}
	if ok {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if inCommand(s, i) {
			b.WriteString(`\x23`)
		} else {
			writeClean(&b, s[i:i+size], r)
		}
		i += size
	}
	return b.String()
}

// writeClean writes one decoded rune.
func writeClean(b *strings.Builder, raw string, r rune) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case dangerous(r) && r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case dangerous(r):
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		b.WriteString(raw)
	}
}

// Clean is for what the command line prints outside a report.
func Clean(s string) string { return clean(s) }

// CleanLines is Clean for a text of several lines.
func CleanLines(s string) string { return cleanLines(s) }
