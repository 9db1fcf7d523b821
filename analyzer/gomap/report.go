package gomap

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"

	"golang.org/x/tools/go/analysis"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// span converts a range of the file set. An insertion has equal ends.
func (pk *pkg) span(pos, end token.Pos) position.Span {
	p := pk.pass.Fset.Position(pos)
	s := position.Span{File: pk.rel(p.Filename), Line: p.Line, Col: p.Column}
	if e := pk.pass.Fset.Position(end); end.IsValid() && e.Filename == p.Filename {
		s.EndLine, s.EndCol = e.Line, e.Column
	}
	return s
}

// functionAt names the declared function around a position.
func (pk *pkg) functionAt(pos token.Pos) string {
	file := pk.fileAt(pos)
	if file == nil {
		return ""
	}
	for _, d := range file.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Pos() <= pos && pos < fd.End() {
			return fd.Name.Name
		}
	}
	return ""
}

// diagnostic converts to go/analysis; ok is false when the finding is only
// shown on request.
func (pk *pkg) diagnostic(f goFinding, cfg config) (d analysis.Diagnostic, ok bool) {
	r := rules.Lookup(f.rule)
	severity, name := f.severity, ""
	if r != nil {
		name = " " + r.Name
		if severity == 0 {
			severity = r.Severity
		}
	}
	if severity == diag.Note && !cfg.notes || f.confidence == diag.Low && !cfg.low {
		return d, false
	}
	d = analysis.Diagnostic{Pos: f.pos, End: f.end, Category: f.rule, Message: f.rule + name + ": " + f.message}
	if f.help != "" {
		d.Message += " (" + f.help + ")"
	}
	for _, rel := range f.related {
		if p := pk.posOf(rel.where); p.IsValid() {
			d.Related = append(d.Related, analysis.RelatedInformation{Pos: p, Message: rel.message})
		}
	}
	if f.fix != nil {
		sf := analysis.SuggestedFix{Message: f.fix.title}
		for _, e := range f.fix.edits {
			sf.TextEdits = append(sf.TextEdits, analysis.TextEdit{Pos: e.pos, End: e.end, NewText: []byte(e.text)})
		}
		d.SuggestedFixes = []analysis.SuggestedFix{sf}
	}
	return d, true
}

// posOf finds or makes a position in the file set for a place in any file: a C
// source is added to the set when it can be read.
func (pk *pkg) posOf(w Where) token.Pos {
	if w.Line == 0 || w.File == "" {
		return token.NoPos
	}
	path := w.File
	if !filepath.IsAbs(path) && pk.cfg.dir != "" {
		path = filepath.Join(pk.cfg.dir, path)
	}
	file := pk.added[path]
	for _, f := range pk.pass.Files {
		// Files of imported packages are in the set too, but only as a table of
		// made-up lines.
		if tf := pk.pass.Fset.File(f.FileStart); tf.Name() == path {
			file = tf
		}
	}
	if file == nil {
		text, err := os.ReadFile(path)
		if err != nil || len(text) > maxSource {
			return token.NoPos
		}
		file = pk.pass.Fset.AddFile(path, -1, len(text))
		file.SetLinesForContent(text)
		if pk.added == nil {
			pk.added = make(map[string]*token.File)
		}
		pk.added[path] = file
	}
	if w.Line > file.LineCount() {
		return token.NoPos
	}
	p := file.LineStart(w.Line)
	if off := file.Offset(p) + w.Col - 1; w.Col > 1 && off <= file.Size() {
		return file.Pos(off)
	}
	return p
}

// maxSource bounds the C files that related positions point into.
const maxSource = 16 << 20
