// Command cmd judges the reports that scripts/agreement has made.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/internal/agreement"
)

func main() {
	ok, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "agreement:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

type files []string

func (f *files) String() string     { return strings.Join(*f, " ") }
func (f *files) Set(s string) error { *f = append(*f, s); return nil }

func run(args []string, w io.Writer) (ok bool, err error) {
	var verify files
	fs := flag.NewFlagSet("agreement", flag.ContinueOnError)
	fs.Var(&verify, "verify", "`REPORT` of verify --format json; repeatable")
	source := fs.String("source", "", "`REPORT` of check --format json on the sources")
	object := fs.String("object", "", "`REPORT` of check --format json on the objects")
	root := fs.String("root", "", "the working `FOLDER` of both checks")
	rest := fs.String("rest", "", "`REPORT` of check --format json on the sources that have no object")
	exceptions := fs.String("exceptions", "", "the `FILE` of reviewed deviations")
	share := fs.Float64("share", 0.9, "the least share of each front end's findings that the other must have, too")
	seconds := fs.Float64("analysis-seconds", 0, "how long the check of the objects took")
	slow := fs.Float64("slow", 0, "only list the objects of the reports that took more than so many `MILLISECONDS` to load")
	all := fs.Bool("v", false, "list the reviewed deviations, too")
	if err := fs.Parse(args); err != nil {
		return false, err
	}
	if *slow > 0 {
		return true, eachKernel(verify, func(k *agreement.KernelReport) {
			for _, o := range k.Slow(*slow) {
				fmt.Fprintln(w, o)
			}
		})
	}
	var x *agreement.Exceptions
	if err := read(*exceptions, func(r io.Reader) (err error) {
		x, err = agreement.ReadExceptions(r)
		return err
	}); err != nil {
		return false, err
	}
	j := &agreement.Judgement{W: w, Exceptions: x, Share: *share, AnalysisSeconds: *seconds, Verbose: *all}
	if err := eachKernel(verify, j.Kernel); err != nil {
		return false, err
	}
	if (*source == "") != (*object == "") {
		return false, errors.New("-source and -object go together")
	}
	if *source != "" {
		var reports [2]*agreement.CheckReport
		for i, name := range []string{*source, *object} {
			if err := read(name, func(r io.Reader) (err error) {
				reports[i], err = agreement.ReadCheck(r)
				return err
			}); err != nil {
				return false, err
			}
		}
		j.Fronts(reports[0], reports[1], *root)
	}
	if *rest != "" {
		if err := read(*rest, func(r io.Reader) error {
			c, err := agreement.ReadCheck(r)
			if err == nil {
				fmt.Fprintf(w, "sources that do not compile: %d\n", c.Summary.Files)
				j.Panics(c)
			}
			return err
		}); err != nil {
			return false, err
		}
	}
	return j.Close(), nil
}

// eachKernel calls f for the kernels of the reports.
func eachKernel(reports []string, f func(*agreement.KernelReport)) error {
	for _, name := range reports {
		if err := read(name, func(r io.Reader) error {
			v, err := agreement.ReadVerify(r)
			if err != nil {
				return err
			}
			for i := range v.Kernels {
				f(&v.Kernels[i])
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func read(name string, f func(io.Reader) error) error {
	r, err := os.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := f(r); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
