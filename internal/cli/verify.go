package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier"
	"github.com/bpflockcheck/bpflockcheck/internal/report"
)

func (c *Command) verifyCommand() *cobra.Command {
	var (
		format  string
		vms     []string
		timeout time.Duration
		quiet   bool
		console bool
	)
	cmd := &cobra.Command{
		Use:   "verify [flags] OBJECT...",
		Short: "Load objects into the real verifier and compare its verdicts with the rules'",
		Long: `Loads each program of the objects alone into the running kernel's verifier, or
that of a kernel booted under qemu with --vm, and sets the verdict beside what
the rules predict for that kernel. Nothing is attached.

Exit status: 0 they agree, 1 they disagree about a lock, 2 the job could not be
done.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("verify wants BPF objects")
			}
			return nil
		},
		Example: `  bpflockcheck verify prog.bpf.o
  bpflockcheck verify --vm vmlinuz-6.1 --vm vmlinuz-6.12 --format matrix *.o`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(verifyFormats, format) {
				return fmt.Errorf("--format: unknown format %q: want text, matrix or json", format)
			}
			dir, err := c.dir()
			if err != nil {
				return err
			}
			objects := make([]string, len(args))
			for i := range args {
				objects[i] = inDir(dir, args[i])
			}
			for i := range vms {
				vms[i] = inDir(dir, vms[i])
			}
			opts := verifier.Options{VMs: vms, Timeout: timeout, Predict: analyzer.Predict}
			if !quiet {
				opts.Progress = c.Stderr
			}
			if console {
				opts.Console = c.Stderr
			}
			rep, err := verifier.Run(cmd.Context(), objects, opts)
			if err != nil {
				return verifyError(err)
			}
			rep.Rename(func(path string) string { return args[max(slices.Index(objects, path), 0)] })
			if err := writeVerify(c.Stdout, rep, format); err != nil {
				return err
			}
			switch err := rep.Err(); {
			case err != nil:
				c.errorf("%s", err)
				c.status = ExitFailure
			case rep.Disagreements() > 0:
				c.status = ExitFindings
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&format, "format", "text", "output `FORMAT`: text, matrix (programs and kernels), json")
	complete(cmd, "format", cobra.FixedCompletions(verifyFormats, cobra.ShellCompDirectiveNoFileComp))
	f.StringArrayVar(&vms, "vm", nil, "boot the kernel image `VMLINUZ` under qemu and ask its verifier; repeatable")
	f.DurationVar(&timeout, "timeout", 0, "time limit for each --vm (default: 2m, and 2s an object)")
	f.BoolVar(&console, "console", false, "show what the virtual machines' kernels print")
	f.BoolVar(&quiet, "quiet", false, "no progress")
	return cmd
}

var verifyFormats = []string{"text", "matrix", "json"}

func writeVerify(w io.Writer, rep *verifier.Report, format string) error {
	if format == "json" {
		return rep.WriteJSON(w)
	}
	// What a program is called or the kernel says must not steer the terminal.
	var buf bytes.Buffer
	write := rep.WriteTable
	if format == "matrix" {
		write = rep.WriteMatrix
	}
	if err := write(&buf); err != nil {
		return err
	}
	_, err := io.WriteString(w, report.CleanLines(buf.String()))
	return err
}

// verifyError adds to what keeps the running kernel from answering the way
// round it.
func verifyError(err error) error {
	if errors.Is(err, verifier.ErrPrivilege) || errors.Is(err, verifier.ErrNoBPF) {
		return fmt.Errorf("%w: run as root, or use --vm VMLINUZ", err)
	}
	return err
}

// confirm is check's --verify: it marks the findings in objects that the
// verifier confirms.
func (r *checkRun) confirm(ctx context.Context, res *analyzer.Result) error {
	if len(res.Objects) == 0 {
		r.c.errorf("--verify: no BPF object among the inputs, so nothing to load")
		return nil
	}
	var objects []string
	for _, o := range res.Objects {
		objects = append(objects, inDir(r.s.options.Dir, o))
	}
	rep, err := verifier.Run(ctx, objects, verifier.Options{Predict: analyzer.Predict})
	if err != nil {
		return fmt.Errorf("--verify: %w", verifyError(err))
	}
	for _, k := range rep.Kernels {
		for i := range k.Results {
			if x := &k.Results[i]; x.Confirmed() {
				r.mark(res, x)
			}
		}
	}
	return rep.Err()
}

// mark adds the verifier's evidence to the findings that a verdict confirms.
func (r *checkRun) mark(res *analyzer.Result, x *verifier.Result) {
	for i := range res.Findings {
		f := &res.Findings[i]
		if f.Object == "" || r.files.Abs(f.Object) != x.Object {
			continue
		}
		for _, p := range f.Programs {
			if p.Name == x.Program && confirms(x, f) {
				f.Evidence = append(f.Evidence, diag.FromVerifier)
				break
			}
		}
	}
}

func confirms(x *verifier.Result, f *diag.Finding) bool {
	for _, rule := range x.Rules {
		if rule == f.Rule {
			for _, e := range f.Evidence {
				if e == diag.FromVerifier {
					return false
				}
			}
			return true
		}
	}
	return false
}
