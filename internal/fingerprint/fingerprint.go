// Package fingerprint gives findings an identity that survives moved lines:
// what the rule says about which variable in which function, and the text of
// the line, but not its number. Baselines, SARIF and GitLab use it.
package fingerprint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// All gives the fingerprint of each finding, in their order. Findings that
// nothing else tells apart are counted in that order. path maps a finding's
// file to the form that the identity holds (relative to some root); nil keeps
// it.
func All(fs []diag.Finding, files *source.Files, path func(string) string) []string {
	seen := map[string]int{}
	out := make([]string, len(fs))
	for i := range fs {
		id := identity(&fs[i], files, path)
		n := seen[id]
		seen[id]++
		if n > 0 {
			id += "\x00" + strconv.Itoa(n)
		}
		sum := sha256.Sum256([]byte(id))
		out[i] = hex.EncodeToString(sum[:16])
	}
	return out
}

func identity(f *diag.Finding, files *source.Files, path func(string) string) string {
	file := f.Span.File
	if path != nil {
		file = path(file)
	}
	line := files.Line(f.Span.File, f.Span.Line)
	insn := ""
	if f.Span.Line == 0 { // an object without line info
		insn = strconv.Itoa(f.Insn)
	}
	parts := [][]byte{
		[]byte(f.Rule), []byte(filepath.ToSlash(filepath.Clean(file))), []byte(f.Function), []byte(f.Map), []byte(f.Field),
		bytes.Join(bytes.Fields(line), []byte{' '}), []byte(insn),
	}
	return string(bytes.Join(parts, []byte{0}))
}
