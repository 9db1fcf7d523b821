// Package verifier puts the programs of BPF objects to the kernel's verifier,
// the running kernel's or that of a kernel booted in a virtual machine, and
// sets its verdicts beside what the rules predicted.
//
// Each program is loaded alone, with the maps that it refers to, and closed at
// once; nothing is ever attached or pinned.
package verifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Errors of Run.
var (
	// ErrPrivilege: the caller may not load programs.
	ErrPrivilege = errors.New("no privilege to load BPF programs")
	// ErrNoBPF: the kernel was built without BPF.
	ErrNoBPF = errors.New("this kernel has no BPF")
	// ErrNotLinux: the running system has no kernel to ask.
	ErrNotLinux = errors.New("the verifier is the Linux kernel's: use --vm VMLINUZ here")
)

// Prediction is what the rules say of a program.
type Prediction struct {
	Program  string
	Findings []diag.Finding
}

// Options say how Run works.
type Options struct {
	// VMs are the images of kernels to boot; none: the running kernel.
	VMs []string
	// Predict gives the rules' findings for each program of an object and a
	// kernel; nil when nothing is predicted.
	Predict func(ctx context.Context, object string, v kernel.Version) ([]Prediction, error)
	// Timeout is the time limit for one virtual machine; 0: two minutes and
	// two seconds an object.
	Timeout time.Duration
	// Executable is the program that becomes /init in the virtual machine: a
	// Linux binary that calls GuestMain when IsGuest. Empty: the running
	// one.
	Executable string
	// Qemu is the emulator; empty: qemu-system-x86_64 from the PATH.
	Qemu string
	// Progress, if not nil, gets a line for each virtual machine.
	Progress io.Writer
	// Console, if not nil, gets what the guests' kernels print.
	Console io.Writer
}

// Outcome is how prediction and verdict agree.
type Outcome string

// Outcomes.
const (
	// Agree: both accept, or both refuse for a matching reason.
	Agree Outcome = "agree"
	// Missed: the kernel refuses something about a lock that no rule reported.
	Missed Outcome = "missed by the rules"
	// NotConfirmed: a rule reported what the kernel accepts.
	NotConfirmed Outcome = "not confirmed"
	// Elsewhere: the kernel refuses the program for something that no rule is
	// about; it never came to the locks.
	Elsewhere Outcome = "rejected for another reason"
	// Unloadable: no verdict.
	Unloadable Outcome = "not loadable here"
)

// Result is one program in one kernel, with the prediction.
type Result struct {
	Load
	// Predicted are the findings that mean a rejection.
	Predicted []diag.Finding `json:"-"`
	Outcome   Outcome        `json:"outcome"`
}

// Kernel is the report of one kernel.
type Kernel struct {
	// Name is "running", or the image's path; Release what uname says.
	Name    string
	Release string
	Version kernel.Version
	Results []Result
	// Unreadable are the objects that could not be read, and why.
	Unreadable []Unreadable
	// Err is why this kernel gave no, or not all, results.
	Err  error
	Time time.Duration
}

// Unreadable is an object that could not be read.
type Unreadable struct {
	Object string `json:"object"`
	Reason string `json:"reason"`
}

// Report is what Run found.
type Report struct{ Kernels []Kernel }

// Disagreements counts the programs that a rule missed or the kernel did not
// confirm.
func (r *Report) Disagreements() int {
	n := 0
	for _, k := range r.Kernels {
		for _, x := range k.Results {
			if x.Outcome == Missed || x.Outcome == NotConfirmed {
				n++
			}
		}
	}
	return n
}

// Rename changes the names of the objects to those that the user knows them by.
func (r *Report) Rename(object func(string) string) {
	for i := range r.Kernels {
		for j := range r.Kernels[i].Results {
			r.Kernels[i].Results[j].Object = object(r.Kernels[i].Results[j].Object)
		}
		for j := range r.Kernels[i].Unreadable {
			r.Kernels[i].Unreadable[j].Object = object(r.Kernels[i].Unreadable[j].Object)
		}
	}
}

// Err joins what kept kernels from giving results.
func (r *Report) Err() error {
	var errs []error
	for _, k := range r.Kernels {
		if k.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", k.Name, k.Err))
		}
		for _, u := range k.Unreadable {
			errs = append(errs, fmt.Errorf("%s: %s", u.Object, u.Reason))
		}
	}
	return errors.Join(errs...)
}

// Run loads the objects' programs into each kernel. The error is for what
// stopped everything; what stopped one kernel is in its Err.
func Run(ctx context.Context, objects []string, opts Options) (*Report, error) {
	r := &Report{}
	if len(opts.VMs) == 0 {
		k := runHere(ctx, objects)
		if errors.Is(k.Err, ErrPrivilege) || errors.Is(k.Err, ErrNotLinux) || errors.Is(k.Err, ErrNoBPF) {
			return nil, k.Err
		}
		r.Kernels = append(r.Kernels, k)
	}
	for _, vm := range opts.VMs {
		start := time.Now()
		k := runVM(ctx, vm, objects, opts)
		k.Time = time.Since(start)
		r.Kernels = append(r.Kernels, k)
		if opts.Progress != nil {
			fmt.Fprintf(opts.Progress, "%s: Linux %s, %d programs, %.1f s\n", k.Name, k.Release, len(k.Results), k.Time.Seconds())
		}
	}
	for i := range r.Kernels {
		if err := r.Kernels[i].predict(ctx, opts); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (k *Kernel) predict(ctx context.Context, opts Options) error {
	if opts.Predict == nil {
		for i := range k.Results {
			k.Results[i].Outcome = compare(&k.Results[i].Load, nil)
		}
		return nil
	}
	byProgram := map[[2]string][]diag.Finding{}
	done := map[string]bool{}
	for i := range k.Results {
		x := &k.Results[i]
		if !done[x.Object] {
			done[x.Object] = true
			ps, err := opts.Predict(ctx, x.Object, k.Version)
			if err != nil {
				return fmt.Errorf("%s: %w", x.Object, err)
			}
			for _, p := range ps {
				byProgram[[2]string{x.Object, p.Program}] = p.Findings
			}
		}
		for _, f := range byProgram[[2]string{x.Object, x.Program}] {
			if predictsRejection(&f) {
				x.Predicted = append(x.Predicted, f)
			}
		}
		x.Outcome = compare(&x.Load, x.Predicted)
	}
	return nil
}

// predictsRejection reports whether a finding says that the kernel refuses the
// program: errors of the rules on lock discipline and of unsupported atomics,
// but for the order of locks, which only shows when the program runs.
func predictsRejection(f *diag.Finding) bool {
	if f.Severity != diag.Error {
		return false
	}
	return slices.Contains(rejectingRules, f.Rule)
}

// rejectingRules are the rules whose errors mean that the kernel refuses the
// program.
var rejectingRules = []string{"BLC110", "BLC201", "BLC202", "BLC203", "BLC204", "BLC205", "BLC206", "BLC207", "BLC208",
	"BLC209", "BLC210", "BLC211"}

// compare sets a verdict beside the findings that predict a rejection.
func compare(l *Load, predicted []diag.Finding) Outcome {
	has := func(rule string) bool {
		for i := range predicted {
			if predicted[i].Rule == rule {
				return true
			}
		}
		return false
	}
	switch l.Verdict {
	case Loads:
		if len(predicted) == 0 {
			return Agree
		}
		// A lock that the map cannot hold is refused when the map is made; a
		// program that never takes it loads without. Locks taken in both orders
		// deadlock when they run.
		for i := range predicted {
			switch r := predicted[i].Rule; {
			case r == "BLC206" && len(l.LostLocks) > 0, r == "BLC208":
			default:
				return NotConfirmed
			}
		}
		return Agree
	case NotLoadable:
		for _, r := range l.Rules {
			if has(r) {
				return Agree
			}
		}
		return Unloadable
	}
	switch {
	case len(l.Rules) == 0:
		return Elsewhere
	case len(predicted) > 0:
		// The rules report every violation, the verifier stops at the first:
		// what it stopped at must be among them, or at least be about a lock.
		return Agree
	case l.Doubtful:
		return Elsewhere
	}
	return Missed
}

// Confirmed reports whether the kernel's reason is one of the predicted rules.
func (r *Result) Confirmed() bool {
	for _, rule := range r.Rules {
		for i := range r.Predicted {
			if r.Predicted[i].Rule == rule {
				return true
			}
		}
	}
	return false
}
