package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// encodeXML writes a document. encoding/xml escapes what is markup and puts
// U+FFFD for what XML 1.0 cannot hold; clean has shown controls as escapes.
func encodeXML(w io.Writer, v any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type checkstyle struct {
	XMLName xml.Name         `xml:"checkstyle"`
	Version string           `xml:"version,attr"`
	Files   []checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr"`
	Column   int    `xml:"column,attr,omitempty"`
	Severity string `xml:"severity,attr"` // error, warning or info
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

// writeCheckstyle groups the findings by file in their order.
func writeCheckstyle(w io.Writer, r *Report, _ Options) error {
	doc := checkstyle{Version: "8.0"}
	index := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		name := clean(r.relative(place(f)))
		at, ok := index[name]
		if !ok {
			at = len(doc.Files)
			index[name] = at
			doc.Files = append(doc.Files, checkstyleFile{Name: name})
		}
		severity := f.Severity.String()
		if f.Severity == diag.Note {
			severity = "info"
		}
		doc.Files[at].Errors = append(doc.Files[at].Errors, checkstyleError{
			Line: f.Span.Line, Column: f.Span.Col, Severity: severity,
			Message: clean(f.Message), Source: "bpflockcheck." + clean(f.Rule),
		})
	}
	return encodeXML(w, doc)
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"` // seconds
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *junitMessage `xml:"skipped"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// writeJUnit makes a failed test case of every finding, one in error of every
// input that could not be analysed, a skipped one of every part of an input
// that could not, and a passed one of every clean input.
func writeJUnit(w io.Writer, r *Report, _ Options) error {
	suite := junitSuite{Name: "bpflockcheck", Time: fmt.Sprintf("%.3f", r.Elapsed.Seconds())}
	touched := map[string]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		file := r.relative(place(f))
		touched[file] = true
		span := f.Span
		span.File = file
		var text strings.Builder
		fmt.Fprintf(&text, "%s: %s", span, f.Message)
		for _, rel := range f.Related {
			s := rel.Span
			s.File = r.relative(s.File)
			fmt.Fprintf(&text, "\n%s: %s", s, rel.Message)
		}
		if f.Help != "" {
			fmt.Fprintf(&text, "\nhelp: %s", f.Help)
		}
		suite.Cases = append(suite.Cases, junitCase{
			Name: clean(fmt.Sprintf("%s %s line %d", f.Rule, f.Name, f.Span.Line)), Class: clean(file), Time: "0",
			Failure: &junitMessage{Message: clean(f.Message), Type: f.Severity.String(), Text: cleanLines(text.String())},
		})
		suite.Failures++
	}
	for _, s := range r.Failed {
		file := r.relative(s.Span.File)
		touched[file] = true
		suite.Cases = append(suite.Cases, junitCase{
			Name: "analysed", Class: clean(file), Time: "0",
			Error: &junitMessage{Message: clean(s.Reason)},
		})
		suite.Errors++
	}
	for _, s := range r.Skipped {
		file := r.relative(s.Span.File)
		touched[file] = true
		name := "not analysed"
		if s.Function != "" {
			name = "function " + s.Function
		}
		suite.Cases = append(suite.Cases, junitCase{
			Name: clean(fmt.Sprintf("%s line %d", name, s.Span.Line)), Class: clean(file), Time: "0",
			Skipped: &junitMessage{Message: clean(s.Reason)},
		})
		suite.Skipped++
	}
	for _, in := range r.Inputs {
		if file := r.relative(in); !touched[file] {
			suite.Cases = append(suite.Cases, junitCase{Name: "no findings", Class: clean(file), Time: "0"})
		}
	}
	suite.Tests = len(suite.Cases)
	return encodeXML(w, junitSuites{Suites: []junitSuite{suite}})
}

// cleanLines cleans a text but keeps its line ends.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}
