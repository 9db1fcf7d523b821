package agreement

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Judgement prints figures and collects what is wrong.
type Judgement struct {
	W          io.Writer
	Exceptions *Exceptions
	// Share is the least that both of the front ends' shares must reach.
	Share float64
	// AnalysisSeconds is how long the check of the objects took, 0 when not
	// known.
	AnalysisSeconds float64
	// Verbose lists the reviewed deviations, too.
	Verbose bool

	compared map[string]bool
	faults   int
	reviewed int
}

func (j *Judgement) fault(format string, args ...any) {
	j.faults++
	fmt.Fprintf(j.W, "  FAULT: "+format+"\n", args...)
}

func (j *Judgement) made(where string) {
	if j.compared == nil {
		j.compared = map[string]bool{}
	}
	j.compared[where] = true
}

// deviations looks each up among the exceptions.
func (j *Judgement) deviations(ds []Deviation) {
	reasons := map[string]int{}
	for i := range ds {
		d := &ds[i]
		reason := j.Exceptions.Reason(d)
		if reason == "" {
			j.fault("%s : %s", d, d.Text)
			continue
		}
		j.reviewed++
		reasons[reason]++
		if j.Verbose {
			fmt.Fprintf(j.W, "  reviewed: %s : %s\n", d, reason)
		}
	}
	if j.Verbose {
		return
	}
	for _, r := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(j.W, "  %4d reviewed: %s\n", reasons[r], r)
	}
}

// Kernel judges one kernel's verdicts.
func (j *Judgement) Kernel(k *KernelReport) {
	f, ds := Verdicts(k)
	fmt.Fprintf(j.W, "Linux %s (%s): %d programs: %d load, %d rejected, %d not loadable here\n", k.Release, k.Name,
		f.Programs, f.Loads, f.Rejected, f.NotLoadable)
	fmt.Fprintf(j.W, "  lock rejections predicted: %d of %d (%d by the same rule, %d on the same line)\n", f.Predicted, f.LockRejections, f.SameRule, f.SamePlace)
	if f.Doubtful > 0 {
		fmt.Fprintf(j.W, "  not counted, as no lock is at fault though the message names one: %d\n", f.Doubtful)
	}
	fmt.Fprintf(j.W, "  lock rejections predicted for accepted programs: %d of %d\n", f.FalseRejections, f.Loads)
	fmt.Fprintf(j.W, "  loading took %.1f s", k.Seconds)
	if j.AnalysisSeconds > 0 && k.Seconds > 0 {
		fmt.Fprintf(j.W, ", the analysis of all objects %.1f s (ratio %.2f)", j.AnalysisSeconds, j.AnalysisSeconds/k.Seconds)
	}
	fmt.Fprintln(j.W)
	if k.Error != "" {
		j.fault("%s: %s", k.Name, k.Error)
	} else {
		j.made(k.Series())
	}
	j.deviations(ds)
}

// Fronts judges the findings of sources and objects.
func (j *Judgement) Fronts(source, object *CheckReport, root string) {
	f, ds := Fronts(source, object, root)
	fmt.Fprintf(j.W, "source and object: %d files and %d objects, %d and %d programs\n", source.Summary.Files, object.Summary.Files,
		source.Summary.Programs, object.Summary.Programs)
	ofSource, ofObject := f.Shares()
	fmt.Fprintf(j.W, "  findings of both %d, only of the source %d, only of the object %d: the object has %.1f%% of the source's, the source %.1f%% of the object's\n",
		f.Both, f.OnlySource, f.OnlyObject, 100*ofSource, 100*ofObject)
	fmt.Fprintf(j.W, "  not counted, in functions that the source's report names as not analysed: %d\n", f.Unanalysed)
	j.Panics(source)
	j.Panics(object)
	if min(ofSource, ofObject) < j.Share {
		j.fault("less than %.0f%% in common", 100*j.Share)
	}
	j.made("source")
	j.deviations(ds)
}

// Panics makes a fault of each internal error.
func (j *Judgement) Panics(r *CheckReport) {
	for _, s := range r.Panics() {
		j.fault("%s:%d: %s: %s", s.File, s.Line, s.Function, s.Reason)
	}
}

// Close judges the list of exceptions, prints the sum and reports whether
// nothing is wrong.
func (j *Judgement) Close() bool {
	for _, u := range j.Exceptions.Unused(func(where string) bool { return j.compared[where] }) {
		j.fault("exceptions: %s", u)
	}
	fmt.Fprintf(j.W, "%d faults, %d reviewed deviations\n", j.faults, j.reviewed)
	return j.faults == 0
}
