package lsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/fixer"
)

// fixAllKind is what an editor that fixes on save asks for.
const fixAllKind = protocol.CodeActionKindSourceFixAll + "." + serverName

const unusedSuppression = "BLC002"

// placeholder stands for the reason that the user owes.
const placeholder = "TODO: say why this is safe"

// CodeAction implements protocol.Server.
func (s *server) CodeAction(ctx context.Context, p *protocol.CodeActionParams) ([]protocol.CommandOrCodeAction, error) {
	s.mu.Lock()
	d, err := s.documentOf(p.TextDocument.URI)
	s.mu.Unlock()
	if errors.Is(err, errNoFile) {
		return []protocol.CommandOrCodeAction{}, nil
	}
	if err != nil {
		return nil, err
	}
	results, err := s.await(ctx, d)
	if err != nil {
		return nil, err
	}
	out := []protocol.CommandOrCodeAction{}
	known := map[string]bool{}
	for _, r := range results {
		for _, act := range s.actionsOf(r, d.path, p) {
			// Several sources may say the same of a header, each of its own
			// programs.
			id := ""
			if a, ok := act.(*protocol.CodeAction); ok {
				id = a.Title + string(encode(a.Edit))
			}
			if id == "" || !known[id] {
				known[id] = true
				out = append(out, act)
			}
		}
	}
	return out, nil
}

// actionsOf gives the actions that one result offers in a file.
func (s *server) actionsOf(r *result, path string, p *protocol.CodeActionParams) (out []protocol.CommandOrCodeAction) {
	m := r.files.Mapper(path)
	if m == nil {
		return nil
	}
	a := &actions{converter: s.converter(r), m: m, path: path}
	if wanted(protocol.CodeActionKindQuickFix, p.Context.Only) {
		for i := range r.findings {
			f := &r.findings[i]
			if f.Span.File != path || f.Span.Line == 0 || !touches(a.enc.span(m, f.Span), p.Range) {
				continue
			}
			out = append(out, a.forFinding(f)...)
		}
		// Fixes first, most useful on top.
		slices.SortStableFunc(out, func(x, y protocol.CommandOrCodeAction) int { return rank(x) - rank(y) })
	}
	asked := len(p.Context.Only) > 0
	if wanted(fixAllKind, p.Context.Only) && (asked || len(out) > 0) {
		if act := a.fixAll(); act != nil {
			out = append(out, act)
		}
	}
	return out
}

// wanted reports whether a kind is among those asked for: named, or below one
// that is.
func wanted(kind protocol.CodeActionKind, only []protocol.CodeActionKind) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o protocol.CodeActionKind) bool {
		return o == protocol.CodeActionKindEmpty || kind == o || strings.HasPrefix(string(kind), string(o)+".")
	})
}

// touches reports whether two ranges have a place in common, their ends
// included.
func touches(a, b protocol.Range) bool {
	before := func(x, y protocol.Position) bool {
		return x.Line < y.Line || x.Line == y.Line && x.Character < y.Character
	}
	return !before(a.End, b.Start) && !before(b.End, a.Start)
}

func rank(c protocol.CommandOrCodeAction) int {
	act, ok := c.(*protocol.CodeAction)
	switch {
	case ok && is(act.IsPreferred):
		return 0
	case ok && strings.HasPrefix(act.Title, suppressTitle):
		return 2
	}
	return 1
}

// actions makes the code actions of one file.
type actions struct {
	*converter
	m    *position.Mapper
	path string
}

func (a *actions) forFinding(f *diag.Finding) (out []protocol.CommandOrCodeAction) {
	about := []protocol.Diagnostic{a.finding(f)}
	if f.Fix != nil && len(f.Fix.Edits) > 0 {
		if edit := a.edit(f.Fix.Edits); edit != nil {
			title := "Fix: " + f.Fix.Title
			if !f.Fix.Safe {
				title += " (check what it changes)"
			}
			out = append(out, &protocol.CodeAction{
				Title: title, Kind: ptr(protocol.CodeActionKindQuickFix), Diagnostics: about, Edit: edit, IsPreferred: ptr(f.Fix.Safe),
			})
		}
	}
	if f.Rule != unusedSuppression && f.Rule != notAnalysed {
		out = append(out, a.suppress(f, about))
	}
	return out
}

const suppressTitle = "Suppress "

// suppress puts a comment above the finding's line, with a place for the
// reason.
func (a *actions) suppress(f *diag.Finding, about []protocol.Diagnostic) *protocol.CodeAction {
	line := f.Span.Line
	text := a.m.Line(line)
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	before, after := "// ", ""
	if line > 1 && bytes.HasSuffix(a.m.Line(line-1), []byte("\\")) {
		before, after = "/* ", " */ \\" // within a macro
	}
	lead := string(indent) + before + "bpflockcheck:ignore " + f.Rule + " "
	at := a.enc.position(a.m, line, 1)
	rng := protocol.Range{Start: at, End: at}
	act := &protocol.CodeAction{
		Title: fmt.Sprintf("%s%s (%s) here, with a reason", suppressTitle, f.Rule, f.Name),
		Kind:  ptr(protocol.CodeActionKindQuickFix), Diagnostics: about,
	}
	tail := after + newlineOf(a.m)
	if a.can.snippets && a.can.documentChanges {
		act.Edit = a.document(a.path, []protocol.TextDocumentEditElement{&protocol.SnippetTextEdit{
			Range:   rng,
			Snippet: protocol.StringValue{Kind: "snippet", Value: escapeSnippet(lead) + "${1:" + escapeSnippet(placeholder) + "}" + escapeSnippet(tail)},
		}})
		return act
	}
	act.Edit = a.workspaceEdit(map[string][]protocol.TextEdit{a.path: {{Range: rng, NewText: lead + placeholder + tail}}})
	return act
}

// newlineOf gives the line ending of a text, judged by its first line.
func newlineOf(m *position.Mapper) string {
	if end, _ := m.Offset(1, len(m.Line(1))+1); m.Lines() > 1 {
		if next, _ := m.Offset(2, 1); next-end == len("\r\n") {
			return "\r\n"
		}
	}
	return "\n"
}

var snippetSpecial = strings.NewReplacer(`\`, `\\`, `$`, `\$`, `}`, `\}`)

func escapeSnippet(s string) string { return snippetSpecial.Replace(s) }

// fixAll makes one action of all safe fixes of the file; nil when there is
// none.
func (a *actions) fixAll() *protocol.CodeAction {
	var fs []diag.Finding
	var about []protocol.Diagnostic
	for i := range a.findings {
		if a.findings[i].Span.File == a.path {
			fs = append(fs, a.findings[i])
		}
	}
	plan := fixer.Make(fs, a.files, false)
	if len(plan.Applied) == 0 {
		return nil
	}
	var edits []diag.Edit
	for _, i := range plan.Applied {
		about = append(about, a.finding(&fs[i]))
		for _, e := range fs[i].Fix.Edits {
			if !slices.Contains(edits, e) {
				edits = append(edits, e)
			}
		}
	}
	edit := a.edit(edits)
	if edit == nil {
		return nil
	}
	return &protocol.CodeAction{
		Title: fmt.Sprintf("Fix all that is safe to fix in this file (%d)", len(plan.Applied)),
		Kind:  ptr(fixAllKind), Diagnostics: about, Edit: edit,
	}
}

// edit gives edits the protocol's form; nil when a file cannot be read.
func (a *actions) edit(edits []diag.Edit) *protocol.WorkspaceEdit {
	byFile := map[string][]protocol.TextEdit{}
	for _, e := range edits {
		m := a.files.Mapper(e.Span.File)
		if m == nil {
			return nil
		}
		newline := newlineOf(m)
		// No range of a word here: a span without extent is an insertion.
		end := e.Span
		if end.EndLine == 0 {
			end.EndLine, end.EndCol = e.Span.Line, e.Span.Col
		}
		byFile[e.Span.File] = append(byFile[e.Span.File], protocol.TextEdit{
			Range:   protocol.Range{Start: a.enc.position(m, e.Span.Line, e.Span.Col), End: a.enc.position(m, end.EndLine, end.EndCol)},
			NewText: strings.ReplaceAll(strings.ReplaceAll(e.NewText, "\r\n", "\n"), "\n", newline),
		})
	}
	return a.workspaceEdit(byFile)
}

// workspaceEdit prefers the form that the client can check against its
// buffers' versions.
func (a *actions) workspaceEdit(byFile map[string][]protocol.TextEdit) *protocol.WorkspaceEdit {
	out := &protocol.WorkspaceEdit{}
	for _, path := range slices.Sorted(maps.Keys(byFile)) {
		if !a.can.documentChanges {
			if out.Changes == nil {
				out.Changes = map[uri.URI][]protocol.TextEdit{}
			}
			out.Changes[a.uri(path)] = byFile[path]
			continue
		}
		var edits []protocol.TextDocumentEditElement
		for _, e := range byFile[path] {
			edits = append(edits, &e)
		}
		out.DocumentChanges = append(out.DocumentChanges, a.document(path, edits).DocumentChanges...)
	}
	return out
}

func (a *actions) document(path string, edits []protocol.TextDocumentEditElement) *protocol.WorkspaceEdit {
	te := &protocol.TextDocumentEdit{Edits: edits}
	te.TextDocument.URI = a.uri(path)
	if v, ok := a.versions[path]; ok {
		te.TextDocument.Version = &v
	}
	return &protocol.WorkspaceEdit{DocumentChanges: []protocol.DocumentChange{te}}
}
