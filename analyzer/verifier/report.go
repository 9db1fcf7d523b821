package verifier

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
)

// summary counts a kernel's outcomes.
type summary struct {
	Programs     int `json:"programs"`
	Loads        int `json:"loads"`
	Rejected     int `json:"rejected"`
	NotLoadable  int `json:"not_loadable"`
	Agree        int `json:"agree"`
	Missed       int `json:"missed"`
	NotConfirmed int `json:"not_confirmed"`
}

func (k *Kernel) summary() summary {
	s := summary{Programs: len(k.Results)}
	for i := range k.Results {
		r := &k.Results[i]
		switch r.Verdict {
		case Loads:
			s.Loads++
		case Rejected:
			s.Rejected++
		case NotLoadable:
			s.NotLoadable++
		}
		switch r.Outcome {
		case Agree:
			s.Agree++
		case Missed:
			s.Missed++
		case NotConfirmed:
			s.NotConfirmed++
		}
	}
	return s
}

// predicted says in a word what the rules expect.
func (r *Result) predicted() string {
	if len(r.Predicted) == 0 {
		return string(Loads)
	}
	f := &r.Predicted[0]
	// The finding that the verdict confirms, if there are several.
	for i := range r.Predicted {
		for _, rule := range r.Rules {
			if r.Predicted[i].Rule == rule {
				f = &r.Predicted[i]
			}
		}
	}
	return fmt.Sprintf("%s %s", f.Rule, shortSpan(f))
}

func shortSpan(f *diag.Finding) string {
	s := f.Span
	s.File = filepath.Base(s.File)
	return s.String()
}

// details are the lines below a program's line.
func (r *Result) details() []string {
	var ls []string
	add := func(format string, args ...any) { ls = append(ls, fmt.Sprintf(format, args...)) }
	if r.Verdict == NotLoadable {
		add("%s", r.Reason)
	}
	if r.Line != "" {
		at := ""
		if r.Source != nil {
			s := r.Source.Span()
			s.File = filepath.Base(s.File)
			at = " at " + s.String()
		}
		if r.Insn > 0 {
			at += fmt.Sprintf(" (instruction %d: %s)", r.Insn-1, r.InsnText)
		}
		add("verifier: %s%s", r.Line, at)
	}
	if r.Verdict == Rejected && len(r.Predicted) > 0 && len(r.Rules) > 0 && !r.Confirmed() {
		add("the verifier's reason is one of %s", strings.Join(r.Rules, ", "))
	}
	if r.Outcome == Missed {
		add("expected from %s", strings.Join(r.Rules, " or "))
	}
	if r.Outcome == NotConfirmed {
		for i := range r.Predicted {
			add("%s: %s: %s", r.Predicted[i].Rule, r.Predicted[i].Span, r.Predicted[i].Message)
		}
	}
	for _, n := range r.Notes {
		add("note: %s", n)
	}
	return ls
}

// WriteTable writes the report as text: a table per kernel and object.
func (r *Report) WriteTable(w io.Writer) error {
	ew := &errWriter{w: w}
	for i := range r.Kernels {
		k := &r.Kernels[i]
		if i > 0 {
			ew.printf("\n")
		}
		ew.printf("%s\n", k.title())
		if k.Err != nil {
			ew.printf("error: %v\n", k.Err)
		}
		for _, u := range k.Unreadable {
			ew.printf("%s: %s\n", u.Object, u.Reason)
		}
		k.writeTables(ew)
		s := k.summary()
		ew.printf("%d programs: %d load, %d rejected, %d not loadable here; %d agree, %d missed by the rules, %d not confirmed\n",
			s.Programs, s.Loads, s.Rejected, s.NotLoadable, s.Agree, s.Missed, s.NotConfirmed)
	}
	return ew.err
}

func (k *Kernel) title() string {
	switch {
	case k.Release == "":
		return k.Name
	case k.Name == "running":
		return "Linux " + k.Release + " (running)"
	}
	return "Linux " + k.Release + " (" + k.Name + ")"
}

func (k *Kernel) writeTables(ew *errWriter) {
	head := []string{"PROGRAM", "TYPE", "PREDICTED", "VERIFIER", "OUTCOME"}
	for i := 0; i < len(k.Results); {
		j := i
		for j < len(k.Results) && k.Results[j].Object == k.Results[i].Object {
			j++
		}
		ew.printf("\n%s\n", k.Results[i].Object)
		rows := [][]string{head}
		var details [][]string
		for _, r := range k.Results[i:j] {
			outcome := string(r.Outcome)
			if r.Outcome == Unloadable {
				outcome = ""
			}
			rows = append(rows, []string{r.Program, r.Type, r.predicted(), string(r.Verdict), outcome})
			details = append(details, r.details())
		}
		width := make([]int, len(head))
		for _, row := range rows {
			for c, s := range row {
				width[c] = max(width[c], len(s))
			}
		}
		for n, row := range rows {
			line := ""
			for c, s := range row {
				line += "  " + s + strings.Repeat(" ", width[c]-len(s))
			}
			ew.printf("%s\n", strings.TrimRight(line, " "))
			if n > 0 {
				for _, d := range details[n-1] {
					ew.printf("      %s\n", d)
				}
			}
		}
		i = j
	}
}

// WriteMatrix writes programs against kernels: what each kernel says, with an
// exclamation mark where the rules disagree.
func (r *Report) WriteMatrix(w io.Writer) error {
	ew := &errWriter{w: w}
	type key struct{ object, program string }
	var order []key
	cells := map[key][]string{}
	for ki := range r.Kernels {
		for i := range r.Kernels[ki].Results {
			x := &r.Kernels[ki].Results[i]
			k := key{x.Object, x.Program}
			if cells[k] == nil {
				order = append(order, k)
				cells[k] = make([]string, len(r.Kernels))
			}
			cells[k][ki] = x.cell()
		}
	}
	rows := [][]string{{"PROGRAM"}}
	for i := range r.Kernels {
		name := r.Kernels[i].Release
		if name == "" {
			name = r.Kernels[i].Name
		}
		rows[0] = append(rows[0], name)
	}
	for _, k := range order {
		rows = append(rows, append([]string{filepath.Base(k.object) + ":" + k.program}, cells[k]...))
	}
	width := make([]int, len(r.Kernels)+1)
	for _, row := range rows {
		for c, s := range row {
			width[c] = max(width[c], len(s))
		}
	}
	for _, row := range rows {
		line := ""
		for c, s := range row {
			line += s + strings.Repeat(" ", width[c]-len(s)+2)
		}
		ew.printf("%s\n", strings.TrimRight(line, " "))
	}
	for i := range r.Kernels {
		k := &r.Kernels[i]
		if k.Err != nil {
			ew.printf("%s: error: %v\n", k.Name, k.Err)
		}
		for _, u := range k.Unreadable {
			ew.printf("%s: %s\n", u.Object, u.Reason)
		}
	}
	return ew.err
}

func (r *Result) cell() string {
	s := string(r.Verdict)
	switch r.Verdict {
	case NotLoadable:
		s = "-"
	case Rejected:
		if len(r.Rules) > 0 {
			s += " " + r.Rules[0]
			if r.Confirmed() {
				s = string(r.Verdict) + " " + strings.Fields(r.predicted())[0]
			}
		}
	}
	if r.Outcome == Missed || r.Outcome == NotConfirmed {
		s += " !"
	}
	return s
}

// The JSON form.
type jsonReport struct {
	Version       int          `json:"version"`
	Kernels       []jsonKernel `json:"kernels"`
	Disagreements int          `json:"disagreements"`
}

type jsonKernel struct {
	Name       string       `json:"name"`
	Release    string       `json:"release,omitempty"`
	Error      string       `json:"error,omitempty"`
	Programs   []jsonResult `json:"programs"`
	Unreadable []Unreadable `json:"unreadable,omitempty"`
	Summary    summary      `json:"summary"`
	Seconds    float64      `json:"seconds"`
}

type jsonResult struct {
	Load
	Predicted jsonPrediction `json:"predicted"`
	Outcome   Outcome        `json:"outcome"`
}

type jsonPrediction struct {
	Verdict  Verdict       `json:"verdict"`
	Findings []jsonFinding `json:"findings,omitempty"`
}

type jsonFinding struct {
	Rule    string `json:"rule"`
	Name    string `json:"name"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	out := jsonReport{Version: 1, Kernels: []jsonKernel{}, Disagreements: r.Disagreements()}
	for i := range r.Kernels {
		k := &r.Kernels[i]
		jk := jsonKernel{Name: k.Name, Release: k.Release, Programs: []jsonResult{}, Unreadable: k.Unreadable,
			Summary: k.summary(), Seconds: float64(k.Time.Milliseconds()) / 1000}
		if k.Err != nil {
			jk.Error = k.Err.Error()
		}
		for _, x := range k.Results {
			p := jsonPrediction{Verdict: Loads}
			for _, f := range x.Predicted {
				p.Verdict = Rejected
				p.Findings = append(p.Findings, jsonFinding{Rule: f.Rule, Name: f.Name, File: f.Span.File, Line: f.Span.Line,
					Column: f.Span.Col, Message: f.Message})
			}
			jk.Programs = append(jk.Programs, jsonResult{Load: x.Load, Predicted: p, Outcome: x.Outcome})
		}
		out.Kernels = append(out.Kernels, jk)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

type errWriter struct {
	w   io.Writer
	err error
}

func (e *errWriter) printf(format string, args ...any) {
	if e.err == nil {
		_, e.err = fmt.Fprintf(e.w, format, args...)
	}
}
