package lsp

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/config"
	"github.com/bpflockcheck/bpflockcheck/internal/suppress"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// Hover implements protocol.Server: what is held at a lock operation or call,
// whether a map value or variable is shared and why, and what a rule named in
// a suppression is about.
func (s *server) Hover(ctx context.Context, p *protocol.HoverParams) (*protocol.Hover, error) {
	s.mu.Lock()
	d, err := s.documentOf(p.TextDocument.URI)
	enc, markdown := s.enc, s.can.markdown
	var text []byte
	var path string
	var version int32
	if err == nil {
		text, path, version = d.text, d.path, d.version
	}
	s.mu.Unlock()
	if errors.Is(err, errNoFile) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := position.NewMapper(text)
	line, col := enc.lineCol(m, p.Position)
	answer := func(at position.Span, body string) *protocol.Hover {
		kind := protocol.MarkupKindMarkdown
		if !markdown {
			kind, body = protocol.MarkupKindPlainText, plain(body)
		}
		return &protocol.Hover{Contents: &protocol.MarkupContent{Kind: kind, Value: body}, Range: ptr(enc.span(m, at))}
	}
	if at, body := ruleAt(path, text, line, col); body != "" {
		return answer(at, body), nil
	}
	if d.kind != langC && d.kind != langHeader {
		return nil, nil
	}
	results, err := s.await(ctx, d)
	if err != nil {
		return nil, err
	}
	var at position.Span
	var bodies []string
	for _, r := range results {
		if r.model == nil || r.versions[path] != version {
			continue
		}
		h := &hover{result: r, judge: rules.NewJudge(r.model, r.model.Kernel), path: path, line: line, col: col}
		where, body := h.explain()
		if body == "" || slices.Contains(bodies, body) {
			continue
		}
		at, bodies = where, append(bodies, body)
	}
	if len(bodies) == 0 {
		return nil, nil
	}
	return answer(at, strings.Join(bodies, "\n\n---\n\n")), nil
}

// plain takes the marks out that a client without Markdown would show.
func plain(s string) string {
	return strings.NewReplacer("**", "", "`", "", "\n---\n", "\n").Replace(s)
}

// ruleAt explains the rule that a suppression, or a config file, names at a
// place.
func ruleAt(path string, text []byte, line, col int) (at position.Span, body string) {
	src := position.NewMapper(text).Line(line)
	at = selectorAt(path, src, line, col)
	word := string(src[at.Col-1 : at.EndCol-1])
	r := rules.Lookup(word)
	if r == nil {
		return at, ""
	}
	if filepath.Base(path) == config.FileName {
		return at, rulePage(r)
	}
	for _, d := range suppress.Scan(path, text) {
		if contains(d.Span, line, col) && slices.Contains(d.Selectors, word) {
			return at, rulePage(r)
		}
	}
	return at, ""
}

// selectorAt gives the extent of the word at a place, where words may have
// hyphens in them, as rules' names do.
func selectorAt(path string, src []byte, line, col int) position.Span {
	from := min(col-1, len(src))
	for from > 0 && (isWord(src[from-1]) || src[from-1] == '-') {
		from--
	}
	to := from
	for to < len(src) && (isWord(src[to]) || src[to] == '-') {
		to++
	}
	return position.Span{File: path, Line: line, Col: from + 1, EndLine: line, EndCol: to + 1}
}

// rulePage gives the head of a rule's page: what fits into a hover.
func rulePage(r *rules.Rule) string {
	page := rules.Page(r)
	if i := strings.Index(page, "\n## "); i > 0 {
		page = page[:i]
	}
	return strings.TrimSpace(page) + "\n\n[" + r.ID + "](" + string(href(r.ID)) + ")"
}

// hover explains one place by a result.
type hover struct {
	*result
	judge     *rules.Judge
	path      string
	line, col int
}

// explain gives the explanations of the innermost operations at the place,
// each once with the programs that it holds for.
func (h *hover) explain() (at position.Span, body string) {
	type entry struct {
		text     string
		programs []string
	}
	var found []*entry
	add := func(site model.Site, explain func() string) {
		span := h.span(site.Pos)
		switch {
		case !contains(span, h.line, h.col):
			return
		case at.Line == 0 || smaller(span, at):
			at, found = span, nil
		case span != at:
			return
		}
		text, program := explain(), programOf(site)
		if text == "" {
			return
		}
		for _, e := range found {
			if e.text == text {
				if !slices.Contains(e.programs, program) {
					e.programs = append(e.programs, program)
				}
				return
			}
		}
		found = append(found, &entry{text, []string{program}})
	}
	for _, l := range h.model.Locks {
		add(l.Site, func() string { return h.lock(l) })
	}
	for _, c := range h.model.Calls {
		if c.Name != "" && !isLockCall(h.model.Locks, c) {
			add(c.Site, func() string { return h.call(c) })
		}
	}
	for _, a := range h.model.Accesses {
		if !a.Place.IsLock {
			add(a.Site, func() string { return h.access(a) })
		}
	}
	var parts []string
	for _, e := range found {
		parts = append(parts, e.text+"\n\nin "+strings.Join(e.programs, ", "))
	}
	return at, strings.Join(parts, "\n\n---\n\n")
}

func isLockCall(locks []*model.LockOp, c *model.Call) bool {
	return slices.ContainsFunc(locks, func(l *model.LockOp) bool { return l.Pos == c.Pos })
}

// span gives a position's place in the buffer; no place when it is elsewhere.
func (h *hover) span(p *position.Pos) position.Span {
	if p == nil || h.files.Abs(p.File) != h.path {
		return position.Span{}
	}
	return p.Span
}

// smaller reports whether a lies within b and is not the same.
func smaller(a, b position.Span) bool {
	if a == b {
		return false
	}
	return !before(a.Line, a.Col, b.Line, b.Col) && !before(b.EndLine, b.EndCol, a.EndLine, a.EndCol)
}

func before(line, col, line2, col2 int) bool { return line < line2 || line == line2 && col < col2 }

func programOf(s model.Site) string {
	if s.Program == nil {
		return "no program"
	}
	text := fmt.Sprintf("program `%s` (`%s`)", s.Program.Name, s.Program.Section)
	if s.Async != "" {
		text += ", in its " + s.Async + " callback"
	}
	return text
}

func (h *hover) lock(l *model.LockOp) string {
	what := map[model.LockOpKind]string{
		model.RCULock: "enters an RCU read section", model.RCUUnlock: "leaves an RCU read section",
		model.PreemptDisable: "disables preemption", model.PreemptEnable: "enables preemption",
		model.IRQSave: "disables interrupts", model.IRQRestore: "restores interrupts",
	}[l.Kind]
	name := "**" + rules.DescribeLock(l.Lock) + "**"
	if l.Unknown {
		name = "a lock that could not be followed"
	}
	after := slices.Clone(l.Held)
	switch l.Kind {
	case model.Acquire:
		what = "takes " + name
		after = append(after, l.Lock)
	case model.Release:
		what = "gives back " + name
		after = slices.DeleteFunc(after, func(o model.Lock) bool { return o.ID == l.Lock.ID })
	}
	text := what + "\n\nheld before: " + h.held(l.Held, l.Before)
	if l.Kind == model.Acquire || l.Kind == model.Release {
		text += "\n\nheld after: " + h.held(after, l.Before)
	}
	if l.Unchecked {
		text += "\n\nreached also when the acquisition failed: its result is not tested"
	}
	return text
}

func (h *hover) call(c *model.Call) string {
	return "`" + c.Name + "`\n\nheld here: " + h.held(c.Held, c.Sections)
}

func (h *hover) access(a *model.Access) string {
	v := h.judge.Access(a)
	what := map[model.AccessKind]string{
		model.Load: "read", model.Store: "written", model.AtomicRMW: "changed atomically", model.AtomicLoad: "read atomically",
		model.AtomicStore: "written atomically", model.HelperRead: "read by `" + a.Callee + "`", model.HelperWrite: "written by `" + a.Callee + "`",
	}[a.Kind]
	verdict := "not shared"
	if v.Shared {
		verdict = "**shared** (confidence: " + v.Confidence.String() + ")"
	}
	text := "**" + v.Place + "** " + what
	if a.Place.Map != nil {
		text += ", of a " + mapType(a.Place.Map) + " map"
	}
	text += "\n\n" + verdict + ": " + v.Why + "\n\nheld here: " + h.held(a.Locks, a.Sections)
	if v.Shared && v.Guarded {
		text += ", which keeps out all that take it too"
	}
	return text
}

func mapType(m *ir.Map) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(m.Type.String(), "BPF_MAP_TYPE_"), "_", " "))
}

// held lists the locks and sections that are held.
func (h *hover) held(locks []model.Lock, sec model.Sections) string {
	var out []string
	for _, l := range locks {
		text := "`" + rules.DescribeLock(l) + "`"
		if l.IRQ {
			text += " with interrupts off"
		}
		if l.Since.Pos != nil && l.Since.Pos.IsValid() {
			text += fmt.Sprintf(" (since line %d)", l.Since.Pos.Line)
		}
		out = append(out, text)
	}
	section := func(n int, what string, at *model.Site) {
		if n == 0 {
			return
		}
		if at != nil && at.Pos != nil && at.Pos.IsValid() {
			what += fmt.Sprintf(" (since line %d)", at.Pos.Line)
		}
		out = append(out, what)
	}
	section(sec.RCU, "an RCU read section", sec.RCUAt)
	section(sec.Preempt, "preemption off", sec.PreemptAt)
	section(sec.IRQ, "interrupts off", sec.IRQAt)
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}
