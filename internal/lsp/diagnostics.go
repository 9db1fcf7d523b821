package lsp

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// pages is where the rules' pages can be read.
const pages = "https://github.com/bpflockcheck/bpflockcheck/blob/main/docs/rules/"

// notAnalysed is the rule that names what was skipped.
const notAnalysed = "BLC001"

// shown is what the client has been sent, or would be if it asked.
type shown struct {
	// byJob holds each job's diagnostics by file: a header's come from several.
	byJob map[string]map[string][]protocol.Diagnostic
	// versions are those of the buffers that they were found in, by job.
	versions map[string]map[string]int32
	// sent are the files with diagnostics on the client's screen.
	sent map[string]bool
}

func newShown() shown {
	return shown{
		byJob:    map[string]map[string][]protocol.Diagnostic{},
		versions: map[string]map[string]int32{},
		sent:     map[string]bool{},
	}
}

// fresh gives the diagnostics for a version of a buffer, each once. ok is
// false when none of the jobs that have a say has seen that version: one of
// them will soon. s.publishing is held.
func (sh *shown) fresh(d *document, version int32) (out []protocol.Diagnostic, ok bool) {
	old := map[string]bool{}
	seen := false
	for key, files := range sh.byJob {
		if _, concerned := files[d.path]; !concerned {
			continue
		}
		if v, open := sh.versions[key][d.path]; open && v == version {
			seen = true
			continue
		}
		old[key] = true
	}
	if old[jobKey(d)] || len(old) > 0 && !seen {
		return nil, false
	}
	return sh.union(d.path, old), true
}

// union gives a file's diagnostics, each once, but for those of some jobs;
// s.publishing is held.
func (sh *shown) union(path string, without map[string]bool) []protocol.Diagnostic {
	var out []protocol.Diagnostic
	type finding struct {
		at   protocol.Range
		code string
	}
	seen := map[finding]bool{}
	for _, key := range slices.Sorted(maps.Keys(sh.byJob)) {
		if without[key] {
			continue
		}
		var own []finding
		for _, d := range sh.byJob[key][path] {
			// Another source may have said it of its own programs.
			if id := (finding{d.Range, string(encode(d.Code))}); !seen[id] {
				own = append(own, id)
				out = append(out, d)
			}
		}
		for _, id := range own {
			seen[id] = true
		}
	}
	slices.SortStableFunc(out, func(a, b protocol.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Range.Start.Line, b.Range.Start.Line), cmp.Compare(a.Range.Start.Character, b.Range.Start.Character))
	})
	return out
}

// publish takes a result and sends what it changes. unasked: the client knows
// of no reason why the job's own diagnostics should have changed.
func (s *server) publish(j *job, r *result, unasked bool) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	s.mu.Lock()
	current := s.jobs[j.key] == j && j.result == r && j.made == j.wanted
	refresh := s.can.pull && s.can.refresh
	s.mu.Unlock()
	if !current {
		return // closed, or overtaken by a newer result
	}
	old := s.shown.byJob[j.key]
	now := s.diagnostics(j, r)
	s.shown.byJob[j.key], s.shown.versions[j.key] = now, r.versions
	beside := false // another open buffer's have changed
	for _, path := range slices.Sorted(maps.Keys(union(old, now))) {
		s.send(path)
		beside = beside || (unasked || path != j.key) && !equal(old[path], now[path])
	}
	// A client that asks for itself does not know of other files' changes.
	if refresh && beside {
		s.work.Go(func() {
			if err := s.client.DiagnosticRefresh(s.ctx); err != nil && s.ctx.Err() == nil {
				s.cfg.Log.Warn("the client refused to refresh", "error", err)
			}
		})
	}
}

func union(a, b map[string][]protocol.Diagnostic) map[string]bool {
	out := map[string]bool{}
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

func equal(a, b []protocol.Diagnostic) bool {
	return slices.EqualFunc(a, b, func(x, y protocol.Diagnostic) bool { return bytes.Equal(encode(x), encode(y)) })
}

// withdraw takes back what a job that is gone found.
func (s *server) withdraw(key string) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	old := s.shown.byJob[key]
	delete(s.shown.byJob, key)
	delete(s.shown.versions, key)
	for _, path := range slices.Sorted(maps.Keys(old)) {
		s.send(path)
	}
}

// republish sends a file's diagnostics again: it was closed, and so is no more
// one that the client asks about.
func (s *server) republish(path string) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	s.send(path)
}

// send publishes a file's diagnostics, unless the client asks for them itself;
// s.publishing is held.
func (s *server) send(path string) {
	s.mu.Lock()
	d, pull, withVersion := s.docs[path], s.can.pull, s.can.versions
	p := &protocol.PublishDiagnosticsParams{URI: uri.File(path)}
	var version int32
	if d != nil {
		p.URI, version = d.uri, d.version
		if withVersion {
			p.Version = protocol.NewOptional(version)
		}
	}
	s.mu.Unlock()
	if d == nil {
		p.Diagnostics = s.shown.union(path, nil)
	} else {
		var ok bool
		if p.Diagnostics, ok = s.shown.fresh(d, version); !ok {
			return
		}
	}
	if d != nil && pull {
		if !s.shown.sent[path] {
			return
		}
		p.Diagnostics = nil // it was not open before
	}
	if len(p.Diagnostics) == 0 {
		p.Diagnostics = []protocol.Diagnostic{}
		if d == nil && !s.shown.sent[path] {
			return
		}
	}
	s.shown.sent[path] = len(p.Diagnostics) > 0
	if err := s.client.PublishDiagnostics(s.ctx, p); err != nil && s.ctx.Err() == nil {
		s.cfg.Log.Warn("diagnostics not sent", "file", path, "error", err)
	}
}

// diagnostics converts a result, by file. The job's own file always has an
// entry, so that the client learns that it is clean.
func (s *server) diagnostics(j *job, r *result) map[string][]protocol.Diagnostic {
	out := map[string][]protocol.Diagnostic{}
	if j.kind == langC {
		out[j.key] = nil
	} else {
		for path := range r.versions {
			if filepath.Dir(path)+string(filepath.Separator) == j.key && filepath.Ext(path) == ".go" {
				out[path] = nil
			}
		}
	}
	if r.files == nil {
		return out
	}
	c := s.converter(r)
	for i := range r.findings {
		f := &r.findings[i]
		if f.Span.Line > 0 && c.files.Mapper(f.Span.File) != nil {
			out[f.Span.File] = append(out[f.Span.File], c.finding(f))
		}
	}
	for i := range r.skipped {
		sk := &r.skipped[i]
		path := sk.Span.File
		if info := c.files.Mapper(path); info == nil {
			if j.kind != langC {
				continue
			}
			path = j.key
			sk = &diag.Skip{Span: position.Span{File: path}, Reason: sk.String()}
		}
		out[path] = append(out[path], c.skip(sk))
	}
	if r.flaw != nil {
		path := c.files.Abs(r.flaw.File)
		if m := c.files.Mapper(path); m != nil {
			out[path] = append(out[path], protocol.Diagnostic{
				Range: c.enc.span(m, flawSpan(r.flaw)), Severity: protocol.DiagnosticSeverityError,
				Source: protocol.NewOptional(serverName), Message: protocol.String(r.flaw.Message),
			})
		}
	}
	return out
}

// converter gives findings the protocol's form.
type converter struct {
	*result
	enc encoding
	can abilities
	uri func(path string) uri.URI
}

func (s *server) converter(r *result) *converter {
	s.mu.Lock()
	defer s.mu.Unlock()
	uris := map[string]uri.URI{}
	for path, d := range s.docs {
		uris[path] = d.uri
	}
	return &converter{result: r, enc: s.enc, can: s.can, uri: func(path string) uri.URI {
		if u, ok := uris[path]; ok {
			return u
		}
		return uri.File(path)
	}}
}

// location gives a span's place; ok is false when the file cannot be read.
func (c *converter) location(s position.Span) (l protocol.Location, ok bool) {
	m := c.files.Mapper(s.File)
	if m == nil || s.Line == 0 {
		return l, false
	}
	return protocol.Location{URI: c.uri(s.File), Range: c.enc.span(m, s)}, true
}

func (c *converter) finding(f *diag.Finding) protocol.Diagnostic {
	d := protocol.Diagnostic{
		Range: c.enc.span(c.files.Mapper(f.Span.File), f.Span), Severity: severity(f.Severity),
		Code: protocol.String(f.Rule), Source: protocol.NewOptional(serverName),
	}
	text := f.Message
	if f.Help != "" {
		text += "\nhelp: " + f.Help
	}
	if c.can.codeDescription {
		d.CodeDescription = protocol.CodeDescription{Href: href(f.Rule)}
	}
	if c.can.tags[protocol.DiagnosticTagUnnecessary] && f.Rule == unusedSuppression {
		d.Tags = protocol.NewDiagnosticTags(protocol.DiagnosticTagUnnecessary)
	}
	var elsewhere []string
	for _, rel := range f.Related {
		if l, ok := c.location(rel.Span); ok && c.can.relatedInfo {
			d.RelatedInformation = append(d.RelatedInformation, protocol.DiagnosticRelatedInformation{Location: l, Message: rel.Message})
			continue
		}
		elsewhere = append(elsewhere, rel.Span.String()+": "+rel.Message)
	}
	if len(elsewhere) > 0 {
		text += "\n" + strings.Join(elsewhere, "\n")
	}
	d.Message = protocol.String(text)
	return d
}

func (c *converter) skip(sk *diag.Skip) protocol.Diagnostic {
	text := "not analysed: " + sk.Reason
	if sk.Function != "" {
		text = "function " + sk.Function + " is not analysed: " + sk.Reason
	}
	d := protocol.Diagnostic{
		Range:    c.enc.span(c.files.Mapper(sk.Span.File), sk.Span),
		Severity: protocol.DiagnosticSeverityInformation, Code: protocol.String(notAnalysed),
		Source: protocol.NewOptional(serverName), Message: protocol.String(text),
	}
	if c.can.codeDescription {
		d.CodeDescription = protocol.CodeDescription{Href: href(notAnalysed)}
	}
	return d
}

func severity(s diag.Severity) protocol.DiagnosticSeverity {
	switch s {
	case diag.Error:
		return protocol.DiagnosticSeverityError
	case diag.Warning:
		return protocol.DiagnosticSeverityWarning
	}
	return protocol.DiagnosticSeverityInformation
}

// href gives the address of a rule's page.
func href(id string) uri.URI {
	if r := rules.Lookup(id); r != nil {
		return uri.URI(pages + r.ID + ".md")
	}
	return uri.URI(pages)
}

// Diagnostic implements protocol.Server: a pull.
func (s *server) Diagnostic(ctx context.Context, p *protocol.DocumentDiagnosticParams) (protocol.DocumentDiagnosticReport, error) {
	full := &protocol.RelatedFullDocumentDiagnosticReport{}
	full.Kind, full.Items = string(protocol.DocumentDiagnosticReportKindFull), []protocol.Diagnostic{}
	s.mu.Lock()
	d, err := s.documentOf(p.TextDocument.URI)
	related := s.can.relatedDocuments
	s.mu.Unlock()
	if err != nil {
		return full, nil // closed in the meantime
	}
	if _, err := s.await(ctx, d); err != nil {
		return nil, err
	}
	s.publishing.Lock()
	if items := s.shown.union(d.path, nil); len(items) > 0 {
		full.Items = items
	}
	var others map[uri.URI]protocol.FullDocumentDiagnosticReportOrUnchangedDocumentDiagnosticReport
	if key := jobKey(d); related && key != "" {
		others = s.relatedReports(key, d.path)
	}
	s.publishing.Unlock()
	sum := sha256.Sum256(encode(full))
	id := hex.EncodeToString(sum[:8])
	if p.PreviousResultID != nil && *p.PreviousResultID == id {
		same := &protocol.RelatedUnchangedDocumentDiagnosticReport{RelatedDocuments: others}
		same.Kind, same.ResultID = string(protocol.DocumentDiagnosticReportKindUnchanged), id
		return same, nil
	}
	full.ResultID, full.RelatedDocuments = &id, others
	return full, nil
}

// relatedReports gives what a job found in other open buffers, which the
// client is not sent unasked; s.publishing is held.
func (s *server) relatedReports(key, own string) map[uri.URI]protocol.FullDocumentDiagnosticReportOrUnchangedDocumentDiagnosticReport {
	out := map[uri.URI]protocol.FullDocumentDiagnosticReportOrUnchangedDocumentDiagnosticReport{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for path := range s.shown.byJob[key] {
		if d := s.docs[path]; d != nil && path != own {
			items := s.shown.union(path, nil)
			if items == nil {
				items = []protocol.Diagnostic{}
			}
			out[d.uri] = &protocol.FullDocumentDiagnosticReport{Kind: string(protocol.DocumentDiagnosticReportKindFull), Items: items}
		}
	}
	return out
}
