package agreement

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// VerifyReport is what "verify --format json" writes, as far as it is needed.
type VerifyReport struct {
	Kernels []KernelReport `json:"kernels"`
}

// KernelReport has the verdicts of one kernel. Seconds is the time that it
// took to load, for a virtual machine from its start to its end.
type KernelReport struct {
	Name     string    `json:"name"`
	Release  string    `json:"release"`
	Error    string    `json:"error"`
	Programs []Program `json:"programs"`
	Seconds  float64   `json:"seconds"`
}

// Program is one program in one kernel.
type Program struct {
	Object   string   `json:"object"`
	Name     string   `json:"program"`
	Verdict  string   `json:"verdict"`
	Reason   string   `json:"reason"`
	Line     string   `json:"line"`
	Source   *Place   `json:"source"`
	Rules    []string `json:"rules"`
	Doubtful bool     `json:"doubtful"`
	// LostLocks are the maps whose lock the kernel refused when it made them.
	LostLocks []string `json:"lost_locks"`
	Millis    float64  `json:"ms"`
	Predicted struct {
		Verdict  string    `json:"verdict"`
		Findings []Finding `json:"findings"`
	} `json:"predicted"`
	Outcome string `json:"outcome"`
}

// Place is a position in a source.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Finding is a finding of either report.
type Finding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Function string `json:"function"`
	Message  string `json:"message"`
}

// Verdicts and outcomes, in the words of the report.
const (
	loads        = "loads"
	rejected     = "rejected"
	notLoadable  = "not loadable here"
	missed       = "missed by the rules"
	notConfirmed = "not confirmed"
)

// ReadVerify reads a report.
func ReadVerify(r io.Reader) (*VerifyReport, error) {
	var v VerifyReport
	if err := json.NewDecoder(r).Decode(&v); err != nil {
		return nil, fmt.Errorf("not a report of verify: %w", err)
	}
	return &v, nil
}

var series = regexp.MustCompile(`^\d+\.\d+`)

// Series is the kernel's release without what follows the second number.
func (k *KernelReport) Series() string { return series.FindString(k.Release) }

// Slow lists the objects whose programs took more than so many milliseconds
// together, but for those where a rule or the verifier has something to say
// about locks.
func (k *KernelReport) Slow(millis float64) []string {
	sum, wanted := map[string]float64{}, map[string]bool{}
	for i := range k.Programs {
		p := &k.Programs[i]
		sum[p.Object] += p.Millis
		if slices.ContainsFunc(p.Rules, isLock) || slices.ContainsFunc(p.Predicted.Findings, func(f Finding) bool { return isLock(f.Rule) }) {
			wanted[p.Object] = true
		}
	}
	var out []string
	for o, ms := range sum {
		if ms > millis && !wanted[o] {
			out = append(out, o)
		}
	}
	slices.Sort(out)
	return out
}

// Figures are the counts of one kernel.
type Figures struct {
	Programs, Loads, Rejected, NotLoadable int
	// LockRejections are the rejections for a lock or a critical section;
	// Predicted is how many of them the rules predict, SameRule where by the
	// rule that the verifier's message is about, SamePlace where on the line that
	// the verifier stopped at. Doubtful ones, whose text is also given where no
	// lock is at fault, count only when they were predicted.
	LockRejections, Predicted, SameRule, SamePlace int
	// FalseRejections are the accepted programs for which the rules predict a
	// rejection for a lock.
	FalseRejections int
	Doubtful        int
}

// Kind of a deviation.
type Kind string

// Kinds of deviations.
const (
	Missed       Kind = "missed"
	NotConfirmed Kind = "unconfirmed"
	OnlySource   Kind = "only-source"
	OnlyObject   Kind = "only-object"
	// NoVerdict: a program of a test case that no kernel judged.
	NoVerdict Kind = "no-verdict"
	// OtherPlace: the verifier refuses a line that no finding is on.
	OtherPlace Kind = "other-place"
)

// Deviation is one disagreement.
type Deviation struct {
	Kind Kind
	// Where is the kernel's series, or "source" for a comparison of the front
	// ends.
	Where string
	// File is the object's or source's name, Subject the program, or the line.
	File, Subject string
	Rule          string
	// Text says more.
	Text string
}

func (d *Deviation) String() string {
	return fmt.Sprintf("%s %s %s %s %s", d.Kind, d.Where, d.File, d.Subject, d.Rule)
}

// lockUnsupportedMap is the rule about maps and variables that cannot hold a
// lock.
const lockUnsupportedMap = "BLC206"

func isLock(rule string) bool { return strings.HasPrefix(rule, "BLC2") }

// Verdicts counts what a kernel says and lists where the rules disagree.
func Verdicts(k *KernelReport) (Figures, []Deviation) {
	var f Figures
	var ds []Deviation
	where := k.Series()
	for i := range k.Programs {
		p := &k.Programs[i]
		f.Programs++
		d := Deviation{Where: where, File: filepath.Base(p.Object), Subject: p.Name}
		predicted := slices.ContainsFunc(p.Predicted.Findings, func(x Finding) bool { return isLock(x.Rule) })
		switch p.Verdict {
		case loads:
			f.Loads++
			if p.Outcome == notConfirmed && predicted {
				f.FalseRejections++
			}
		case rejected:
			f.Rejected++
			if slices.ContainsFunc(p.Rules, isLock) {
				f.lockRejection(p, predicted)
			}
		case notLoadable:
			f.NotLoadable++
		}
		switch p.Outcome {
		case missed:
			d.Kind, d.Rule, d.Text = Missed, first(p.Rules), p.Line
			ds = append(ds, d)
		case notConfirmed:
			d.Kind = NotConfirmed
			if len(p.Predicted.Findings) > 0 {
				x := &p.Predicted.Findings[0]
				d.Rule, d.Text = x.Rule, fmt.Sprintf("%s:%d: %s", filepath.Base(x.File), x.Line, x.Message)
			}
			ds = append(ds, d)
		}
	}
	return f, ds
}

func first(rules []string) string {
	if len(rules) == 0 {
		return "-"
	}
	return rules[0]
}

func (f *Figures) lockRejection(p *Program, predicted bool) {
	if p.Doubtful && !predicted {
		f.Doubtful++
		return
	}
	f.LockRejections++
	if !predicted {
		return
	}
	f.Predicted++
	sameRule, samePlace := false, false
	for i := range p.Predicted.Findings {
		x := &p.Predicted.Findings[i]
		sameRule = sameRule || slices.Contains(p.Rules, x.Rule)
		samePlace = samePlace || p.Source != nil && x.Line == p.Source.Line && filepath.Base(x.File) == filepath.Base(p.Source.File)
	}
	if sameRule {
		f.SameRule++
	}
	if samePlace {
		f.SamePlace++
	}
}

// Judged reports whether a kernel said something about what the rules are
// about: it accepted the program, or refused it for that.
func (p *Program) Judged() bool {
	return p.Verdict == loads || len(p.Rules) > 0
}

// Places lists the rejections for a lock that are predicted on another line
// than the one the verifier stopped at. BLC206 is about the declaration of a
// map, and the verifier stops where its lock is first used, so that its lines
// prove nothing.
func Places(k *KernelReport) []Deviation {
	var ds []Deviation
	for i := range k.Programs {
		p := &k.Programs[i]
		if p.Verdict != rejected || p.Source == nil || len(p.Predicted.Findings) == 0 || !slices.ContainsFunc(p.Rules, isLock) {
			continue
		}
		if !slices.ContainsFunc(p.Predicted.Findings, func(x Finding) bool {
			return x.Rule == lockUnsupportedMap || slices.Contains(p.Rules, x.Rule) && x.Line == p.Source.Line && filepath.Base(x.File) == filepath.Base(p.Source.File)
		}) {
			x := &p.Predicted.Findings[0]
			ds = append(ds, Deviation{Kind: OtherPlace, Where: k.Series(), File: filepath.Base(p.Object), Subject: p.Name, Rule: first(p.Rules),
				Text: fmt.Sprintf("refused on line %d (%s), %s on line %d", p.Source.Line, p.Line, x.Rule, x.Line)})
		}
	}
	return ds
}
