package report

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/fingerprint"
)

// SARIF 2.1.0 (OASIS), as its readers treat it:
//
//   - GitHub shows a related location only when the message links to it, as
//     [text](id), and ignores rule helpUri; it shows rule.help.markdown. It
//     recognises a result of an earlier run by partialFingerprints. "Show
//     paths" displays codeFlows, so a race is two thread flows, CPU A and B.
//   - Columns may only be UTF-16 code units or code points, never bytes.
//   - Square brackets in a message that are no link must be escaped (3.11.6).
//   - A relative URI needs uriBaseId; an absolute one must not have it.
//   - A rule's name is left out when it would repeat the id (SARIF1001), and
//     is in Pascal case (SARIF2012).
//   - GitHub ignores suppressions and would show what they silence, so that
//     suppressed findings are left out.
//   - At most 25,000 results a run, and 1,000 locations a result.
const (
	sarifSchema     = "https://json.schemastore.org/sarif-2.1.0.json"
	sarifMaxResults = 25000
	sarifMaxRelated = 999 // and the result's own
	srcRoot         = "%SRCROOT%"
	informationURI  = "https://github.com/bpflockcheck/bpflockcheck"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Invocations []sarifInvocation                `json:"invocations"`
	BaseIDs     map[string]sarifArtifactLocation `json:"originalUriBaseIds,omitempty"`
	Results     []sarifResult                    `json:"results"`
	ColumnKind  string                           `json:"columnKind"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID      string         `json:"id"`
	Name    string         `json:"name,omitempty"`
	Short   sarifText      `json:"shortDescription"`
	Full    sarifText      `json:"fullDescription"`
	Help    sarifText      `json:"help"`
	Default sarifLevel     `json:"defaultConfiguration"`
	Props   map[string]any `json:"properties,omitempty"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifArtifactLocation struct {
	URI       string     `json:"uri,omitempty"`
	URIBaseID string     `json:"uriBaseId,omitempty"`
	Desc      *sarifText `json:"description,omitempty"`
}

type sarifRegion struct {
	StartLine   int        `json:"startLine,omitempty"`
	StartColumn int        `json:"startColumn,omitempty"`
	EndLine     int        `json:"endLine,omitempty"`
	EndColumn   int        `json:"endColumn,omitempty"`
	Snippet     *sarifText `json:"snippet,omitempty"`
	ByteOffset  *int       `json:"byteOffset,omitempty"`
	ByteLength  int        `json:"byteLength,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifactLocation `json:"artifactLocation"`
	Region   *sarifRegion          `json:"region,omitempty"`
}

type sarifLogical struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type sarifLocation struct {
	ID       *int           `json:"id,omitempty"`
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifThreadFlow struct {
	ID        string     `json:"id"`
	Message   *sarifText `json:"message,omitempty"`
	Locations []struct {
		Location sarifLocation `json:"location"`
	} `json:"locations"`
}

type sarifCodeFlow struct {
	ThreadFlows []sarifThreadFlow `json:"threadFlows"`
}

type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted sarifText   `json:"insertedContent"`
}

type sarifChange struct {
	Artifact     sarifArtifactLocation `json:"artifactLocation"`
	Replacements []sarifReplacement    `json:"replacements"`
}

type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Related      []sarifLocation   `json:"relatedLocations,omitempty"`
	CodeFlows    []sarifCodeFlow   `json:"codeFlows,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Fixes        []sarifFix        `json:"fixes,omitempty"`
	Props        map[string]any    `json:"properties,omitempty"`
}

func writeSARIF(w io.Writer, r *Report, _ Options) error {
	s := &sarifWriter{r: r}
	var run sarifRun
	run.Tool.Driver = sarifDriver{Name: "bpflockcheck", Version: numericVersion(r.Version), InformationURI: informationURI, Rules: s.rules()}
	run.Invocations = []sarifInvocation{{ExecutionSuccessful: len(r.Failed) == 0, Notifications: s.notifications()}}
	if n := len(r.Findings) - sarifMaxResults; n > 0 {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{Level: "warning",
			Message: sarifText{Text: fmt.Sprintf("%d results are left out: a run holds at most %d, the most severe first.", n, sarifMaxResults)}})
	}
	run.ColumnKind = "utf16CodeUnits"
	run.BaseIDs = map[string]sarifArtifactLocation{srcRoot: {Desc: &sarifText{Text: "The root of the repository."}}}
	run.Results = []sarifResult{}
	prints := fingerprint.All(r.Findings, r.Files, r.relative)
	order := bySeverity(r.Findings)
	for _, i := range order[:min(len(order), sarifMaxResults)] {
		run.Results = append(run.Results, s.result(&r.Findings[i], prints[i]))
	}
	return encodeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// numericVersion gives 1.2.3 for v1.2.3: readers compare versions, so that it
// must start with a number (SARIF2005).
func numericVersion(v string) string {
	v = strings.TrimPrefix(v, "v")
	if v == "" || v[0] < '0' || v[0] > '9' {
		return "0.0.0-devel"
	}
	return v
}

// bySeverity gives the indexes of findings, the most severe first, for readers
// that show only so many.
func bySeverity(fs []diag.Finding) []int {
	order := make([]int, len(fs))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return fs[order[a]].Severity > fs[order[b]].Severity })
	return order
}

type sarifWriter struct {
	r     *Report
	index map[string]int // rule id to its place in the driver's rules
}

// rules lists the rules that have findings; a finding of a rule that the
// catalogue lacks gets an entry of its own.
func (s *sarifWriter) rules() []sarifRule {
	s.index = map[string]int{}
	known := map[string]Rule{}
	for _, rule := range s.r.Rules {
		known[rule.ID] = rule
	}
	var used []Rule
	for i := range s.r.Findings {
		f := &s.r.Findings[i]
		if _, ok := s.index[f.Rule]; ok {
			continue
		}
		s.index[f.Rule] = 0
		rule, ok := known[f.Rule]
		if !ok {
			rule = Rule{ID: f.Rule, Name: f.Name, Severity: f.Severity}
		}
		used = append(used, rule)
	}
	sort.Slice(used, func(i, j int) bool { return used[i].ID < used[j].ID })
	out := []sarifRule{}
	for i, rule := range used {
		s.index[rule.ID] = i
		title := sentence(rule.Title, rule.Name)
		page := rule.Page
		if page == "" {
			page = title
		}
		out = append(out, sarifRule{
			ID: rule.ID, Name: pascal(rule.Name),
			Short:   sarifText{Text: title},
			Full:    sarifText{Text: title},
			Help:    sarifText{Text: title + " See: bpflockcheck explain " + rule.ID, Markdown: page},
			Default: sarifLevel{level(rule.Severity)},
			Props:   map[string]any{"tags": []string{"bpf", "concurrency"}, "problem.severity": problemSeverity(rule.Severity)},
		})
	}
	return out
}

func level(s diag.Severity) string {
	if s == 0 {
		return "none"
	}
	return s.String()
}

// problemSeverity is GitHub's property of a rule.
func problemSeverity(s diag.Severity) string {
	if s == diag.Note {
		return "recommendation"
	}
	return s.String()
}

// sentence ends a title in a full stop, as SARIF2001 asks.
func sentence(title, fallback string) string {
	if title == "" {
		title = fallback
	}
	if title == "" || strings.HasSuffix(title, ".") {
		return title
	}
	return title + "."
}

// pascal turns lost-update into LostUpdate.
func pascal(name string) string {
	var b strings.Builder
	for _, part := range strings.Split(name, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

func (s *sarifWriter) notifications() []sarifNotification {
	var out []sarifNotification
	for _, skip := range s.r.notAnalysed() {
		n := sarifNotification{Level: "warning", Message: sarifText{Text: escapeLinks("not analysed: " + skip.Reason)}}
		if skip.Function != "" {
			n.Message.Text = escapeLinks(fmt.Sprintf("function %s not analysed: %s", skip.Function, skip.Reason))
		}
		if skip.Span.File != "" {
			n.Locations = []sarifLocation{s.location(skip.Span)}
		}
		out = append(out, n)
	}
	return out
}

// escapeLinks escapes the brackets that would start a link.
func escapeLinks(text string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(text)
}

func (s *sarifWriter) artifact(file string) sarifArtifactLocation {
	rel := s.r.relative(file)
	if filepath.IsAbs(file) && rel == filepath.ToSlash(file) || strings.HasPrefix(rel, "/") {
		return sarifArtifactLocation{URI: (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(rel, "/")}).String()}
	}
	// url.URL would write "./" before a first segment with a colon; it is a
	// valid relative reference only so.
	return sarifArtifactLocation{URI: (&url.URL{Path: rel}).String(), URIBaseID: srcRoot}
}

// region converts a span to SARIF's columns; nil when no line is known.
func (s *sarifWriter) region(span position.Span) *sarifRegion {
	if span.Line == 0 {
		return nil
	}
	reg := &sarifRegion{StartLine: span.Line}
	m := s.r.Files.Mapper(span.File)
	col := func(line, c int) int {
		if m == nil || m.Line(line) == nil {
			return c
		}
		return m.UTF16Col(line, c) + 1
	}
	if span.Col > 0 {
		reg.StartColumn = col(span.Line, span.Col)
	}
	if span.EndLine >= span.Line && span.EndCol > 0 {
		reg.EndLine, reg.EndColumn = span.EndLine, col(span.EndLine, span.EndCol)
	}
	if m != nil && m.Line(span.Line) != nil {
		reg.Snippet = &sarifText{Text: string(m.Line(span.Line))}
		if len(reg.Snippet.Text) > 1000 {
			reg.Snippet = nil
		}
	}
	return reg
}

// whole is the region of a file, an object, in which no line is known.
func (s *sarifWriter) whole(file string) *sarifRegion {
	zero := 0
	content, err := s.r.Files.Read(file)
	if err != nil || len(content) == 0 {
		return nil
	}
	return &sarifRegion{ByteOffset: &zero, ByteLength: len(content)}
}

func (s *sarifWriter) location(span position.Span) sarifLocation {
	return sarifLocation{Physical: sarifPhysical{Artifact: s.artifact(span.File), Region: s.region(span)}}
}

func (s *sarifWriter) result(f *diag.Finding, print string) sarifResult {
	span := f.Span
	span.File = place(f)
	main := s.location(span)
	if main.Physical.Region == nil {
		main.Physical.Region = s.whole(span.File)
	}
	if f.Function != "" {
		main.Logical = []sarifLogical{{Name: f.Function, Kind: "function"}}
	}
	res := sarifResult{
		RuleID: f.Rule, RuleIndex: s.index[f.Rule], Level: level(f.Severity),
		Locations:    []sarifLocation{main},
		Fingerprints: map[string]string{"bpflockcheck/v1": print, "primaryLocationLineHash": print},
		Props:        properties(f),
	}
	related := f.Related[:min(len(f.Related), sarifMaxRelated)]
	var links []string
	for i, rel := range related {
		id := i + 1
		loc := s.location(rel.Span)
		loc.ID, loc.Message = &id, &sarifText{Text: escapeLinks(rel.Message)}
		res.Related = append(res.Related, loc)
		links = append(links, fmt.Sprintf("[%s](%d)", strings.NewReplacer(`\`, "", "[", "(", "]", ")").Replace(rel.Message), id))
	}
	res.Message.Text = escapeLinks(sentence(f.Message, f.Name))
	if len(links) > 0 {
		res.Message.Text += " See " + strings.Join(links, ", ") + "."
	}
	if f.Help != "" {
		res.Message.Text += " Help: " + escapeLinks(sentence(f.Help, ""))
	}
	res.CodeFlows = s.codeFlows(f, main, related)
	if f.Fix != nil {
		res.Fixes = []sarifFix{s.fix(f.Fix)}
	}
	return res
}

// racesWithItself reports whether a rule's finding is a race of two runs of the
// same code, unless it names what it races with. The other rules, such as
// those on locks, are about one run.
func racesWithItself(rule string) bool {
	switch rule {
	case "BLC101", "BLC102", "BLC103", "BLC104", "BLC105", "BLC107", ruleReentrancy, "BLC111", "BLC112", "BLC208":
		return true
	}
	return false
}

// ruleReentrancy is the rule whose other side is not another CPU.
const ruleReentrancy = "BLC108"

// codeFlows shows a race as two thread flows. What happens on the other side is
// the related places that say so; where none does, it runs the same code.
// Findings that are no race have no flows.
func (s *sarifWriter) codeFlows(f *diag.Finding, main sarifLocation, related []diag.Related) []sarifCodeFlow {
	main.Message = &sarifText{Text: escapeLinks(f.Message)}
	a := []sarifLocation{main}
	var before, b []sarifLocation
	for _, rel := range related {
		loc := s.location(rel.Span)
		loc.Message = &sarifText{Text: escapeLinks(rel.Message)}
		switch rel.When {
		case diag.Before:
			before = append(before, loc)
		case diag.After:
			a = append(a, loc)
		case diag.OtherSide:
			b = append(b, loc)
		}
	}
	a = append(before, a...)
	if b == nil {
		if !racesWithItself(f.Rule) {
			return nil
		}
		b = a
	}
	one, other := "On one CPU.", "On another CPU at the same time."
	switch {
	case f.Rule == ruleReentrancy:
		other = "In between, on the same CPU."
	case slices.Contains(f.Evidence, diag.FromGo):
		one, other = "In userspace.", "In a BPF program at the same time."
	}
	flow := func(id, what string, locs []sarifLocation) sarifThreadFlow {
		tf := sarifThreadFlow{ID: id, Message: &sarifText{Text: what}}
		for _, l := range locs {
			tf.Locations = append(tf.Locations, struct {
				Location sarifLocation `json:"location"`
			}{l})
		}
		return tf
	}
	return []sarifCodeFlow{{ThreadFlows: []sarifThreadFlow{
		flow("cpu-a", one, a),
		flow("cpu-b", other, b),
	}}}
}

func (s *sarifWriter) fix(fix *diag.Fix) sarifFix {
	out := sarifFix{Description: sarifText{Text: escapeLinks(sentence(fix.Title, "Fix"))}}
	byFile := map[string]int{}
	for _, e := range fix.Edits {
		i, ok := byFile[e.Span.File]
		if !ok {
			i = len(out.Changes)
			byFile[e.Span.File] = i
			out.Changes = append(out.Changes, sarifChange{Artifact: s.artifact(e.Span.File)})
		}
		reg := s.region(e.Span)
		if reg == nil {
			reg = &sarifRegion{StartLine: 1}
		}
		reg.Snippet = nil
		out.Changes[i].Replacements = append(out.Changes[i].Replacements, sarifReplacement{Deleted: *reg, Inserted: sarifText{Text: e.NewText}})
	}
	return out
}

func properties(f *diag.Finding) map[string]any {
	p := map[string]any{}
	if f.Confidence != 0 {
		p["confidence"] = f.Confidence.String()
	}
	if f.Map != "" {
		p["map"] = f.Map
	}
	if f.Field != "" {
		p["field"] = f.Field
	}
	if len(f.Programs) > 0 {
		p["programs"] = f.Programs
	}
	if len(f.Evidence) > 0 {
		p["evidence"] = f.Evidence
	}
	if f.Object != "" {
		p["object"] = filepath.ToSlash(f.Object)
	}
	if f.Insn > 0 {
		p["insn"] = f.Insn - 1
	}
	return p
}
