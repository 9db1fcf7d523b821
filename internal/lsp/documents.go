package lsp

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/config"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// document is an open buffer.
type document struct {
	// uri is spelled as the client spells it, and goes back so.
	uri     uri.URI
	path    string
	kind    language
	version int32
	// language is what the client calls it.
	language protocol.LanguageKind
	text     []byte // never changed in place: analyses read it
	// oversized: text is left out, and kind is other.
	oversized bool
	// marks are the findings of the last analysis that saw all of the file,
	// moved with the edits since.
	marks []mark
}

// language is what a buffer is to this server.
type language int

const (
	other language = iota
	langC          // a C source
	langHeader
	langGo
)

func languageOf(path string, id protocol.LanguageKind) language {
	switch filepath.Ext(path) {
	case ".c":
		return langC
	case ".h":
		return langHeader
	case ".go":
		return langGo
	}
	if id == protocol.LanguageKindC {
		return langC
	}
	return other
}

// errNoFile says that a document is none of a file: a diff view, a scratch
// buffer. Nothing is known about it, and nothing is wrong with it.
var errNoFile = errors.New("not a file")

// documentOf finds an open buffer; s.mu is held.
func (s *server) documentOf(u uri.URI) (*document, error) {
	path, ok := pathOf(u)
	if !ok {
		return nil, errNoFile
	}
	if d := s.docs[path]; d != nil {
		return d, nil
	}
	return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s is not open", u)
}

// DidOpen implements protocol.Server.
func (s *server) DidOpen(_ context.Context, p *protocol.DidOpenTextDocumentParams) error {
	path, ok := pathOf(p.TextDocument.URI)
	if !ok {
		return nil // see errNoFile
	}
	d := &document{uri: p.TextDocument.URI, path: path, language: p.TextDocument.LanguageID, version: p.TextDocument.Version}
	d.setText([]byte(p.TextDocument.Text))
	if d.oversized {
		s.tell(protocol.MessageTypeWarning, fmt.Sprintf("%s is not analysed: larger than %d MiB", path, source.MaxSize>>20))
	}
	if own, ok := pathOf(s.opening); ok && own == path {
		d.uri = s.opening
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs[path] = d
	s.touch(d)
	return nil
}

// DidChange implements protocol.Server.
func (s *server) DidChange(_ context.Context, p *protocol.DidChangeTextDocumentParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.documentOf(p.TextDocument.URI)
	if errors.Is(err, errNoFile) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, c := range p.ContentChanges {
		d.change(c, s.enc)
	}
	d.version = p.TextDocument.Version
	// Under the same lock: a result must not be taken for one of this text.
	s.touch(d)
	return nil
}

// setText takes the text of a new buffer, unless there is too much of it.
func (d *document) setText(text []byte) {
	d.oversized = len(text) > source.MaxSize
	if d.oversized {
		d.text, d.kind = nil, other
		return
	}
	d.text, d.kind = text, languageOf(d.path, d.language)
}

// change applies one edit.
func (d *document) change(c protocol.TextDocumentContentChangeEvent, enc encoding) {
	switch c := c.(type) {
	case *protocol.TextDocumentContentChangeWholeDocument:
		if d.oversized {
			d.setText([]byte(c.Text))
			return
		}
		// Some clients send all of the text for every key: find what changed,
		// for the marks.
		start, end, text := difference(d.text, []byte(c.Text))
		d.splice(start, end, text)
	case *protocol.TextDocumentContentChangePartial:
		if d.oversized {
			return // what it is a part of is not known
		}
		m := position.NewMapper(d.text)
		start, end := enc.offset(m, c.Range.Start), enc.offset(m, c.Range.End)
		d.splice(min(start, end), max(start, end), []byte(c.Text))
	}
}

// difference gives the shortest replacement that makes b of a.
func difference(a, b []byte) (start, end int, text []byte) {
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	tail := 0
	for tail < len(a)-start && tail < len(b)-start && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return start, len(a) - tail, b[start : len(b)-tail]
}

// splice replaces text and moves the marks behind it.
func (d *document) splice(start, end int, text []byte) {
	d.text = slices.Concat(d.text[:start], text, d.text[end:])
	kept := make([]mark, 0, len(d.marks))
	for _, m := range d.marks {
		switch {
		case m.end <= start:
		case m.start >= end:
			m.start += len(text) - (end - start)
			m.end += len(text) - (end - start)
		default:
			continue // the finding's own text is being changed
		}
		kept = append(kept, m)
	}
	d.marks = kept
}

// DidSave implements protocol.Server.
func (s *server) DidSave(_ context.Context, p *protocol.DidSaveTextDocumentParams) error {
	path, ok := pathOf(p.TextDocument.URI)
	if !ok {
		return nil
	}
	// It may be a header that is new.
	s.headers.Rescan()
	if filepath.Base(path) == config.FileName {
		s.touchAll() // not every client watches files
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.docs[path]; d != nil {
		s.touch(d)
	}
	return nil
}

// DidClose implements protocol.Server.
func (s *server) DidClose(_ context.Context, p *protocol.DidCloseTextDocumentParams) error {
	s.mu.Lock()
	d, err := s.documentOf(p.TextDocument.URI)
	if err != nil {
		s.mu.Unlock()
		if errors.Is(err, errNoFile) {
			return nil
		}
		return err
	}
	delete(s.docs, d.path)
	key := jobKey(d)
	last := true
	for _, o := range s.docs {
		last = last && jobKey(o) != key
	}
	var gone *job
	if last {
		gone = s.jobs[key]
		delete(s.jobs, key)
		if gone != nil {
			gone.stop()
		}
	}
	if gone == nil {
		s.touch(d)
	}
	s.mu.Unlock()
	if gone != nil {
		s.withdraw(key)
	}
	s.republish(d.path)
	return nil
}

// jobKey names the analysis that a buffer takes part in: a C source is one of
// its own, a Go file one of its package's folder. Headers and others have none.
func jobKey(d *document) string {
	switch d.kind {
	case langC:
		return d.path
	case langGo:
		return filepath.Dir(d.path) + string(filepath.Separator)
	}
	return ""
}

// touch takes note that a buffer changed; s.mu is held.
func (s *server) touch(d *document) {
	if d.kind != langHeader {
		s.touchJob(jobKey(d), d.kind, true)
		return
	}
	// Every open source may include it.
	for _, o := range s.docs {
		if o.kind == langC {
			s.touchJob(jobKey(o), o.kind, false)
		}
	}
}

// touchAll takes note that everything may have changed.
func (s *server) touchAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.docs {
		s.touchJob(jobKey(d), d.kind, false)
	}
}

// overlay gives the contents of all buffers, with their versions; s.mu is held.
func (s *server) overlay() (text map[string][]byte, versions map[string]int32) {
	text, versions = map[string][]byte{}, map[string]int32{}
	for path, d := range s.docs {
		if !d.oversized {
			text[path], versions[path] = d.text, d.version
		}
	}
	return text, versions
}

// isBPF reports whether a buffer is one that is analysed at all.
func isBPF(text []byte) bool { return analyzer.IsSource(text) }
