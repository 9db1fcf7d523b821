package cli

import (
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
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

func (c *Command) verifyCommand() *cobra.Command {
	var (
		vms     []string
		format  string
		timeout time.Duration
		console bool
	)
	cmd := &cobra.Command{
		Use:   "verify [flags] OBJECT...",
		Short: "Compare the rules' verdict with the kernel verifier's, program by program",
		Long: `Loads each program of the objects alone into the kernel's verifier and sets its
verdict beside what the rules predict for that kernel. Nothing is attached, and
everything is closed at once.

The running kernel is asked, which takes privilege; or, with --vm, the kernel in
an image that qemu-system-x86_64 boots without any.

Exit status: 0 agreement, 1 a disagreement about a lock, 2 the job could not be
done.`,
		Example: `  bpflockcheck verify prog.bpf.o
  bpflockcheck verify --vm vmlinuz-6.1 --vm vmlinuz-6.12 --format matrix *.o`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("verify wants at least one OBJECT")
			}
			write, ok := verifyFormats[format]
			if !ok {
				return fmt.Errorf("--format: unknown format %q: want table, matrix or json", format)
			}
			dir, err := c.dir()
			if err != nil {
				return err
			}
			objects := slices.Clone(args)
			for i := range objects {
				objects[i] = inDir(dir, objects[i])
			}
			for i := range vms {
				vms[i] = inDir(dir, vms[i])
			}
			opts := verifier.Options{VMs: vms, Timeout: timeout, Predict: predictor(dir)}
			if console {
				opts.Console = c.Stderr
			}
			rep, err := verifier.Run(cmd.Context(), objects, opts)
			if err != nil {
				return err
			}
			rep.Rename(func(path string) string { return args[max(slices.Index(objects, path), 0)] })
			if err := write(rep, c.Stdout); err != nil {
				return err
			}
			switch {
			case rep.Err() != nil:
				c.status = ExitFailure
				c.errorf("%s", rep.Err())
			case rep.Disagreements() > 0:
				c.status = ExitFindings
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&vms, "vm", nil, "boot the kernel `VMLINUZ` and ask it instead of the running one; repeatable")
	fs.StringVar(&format, "format", "table", "output format: table, matrix (programs and kernels), json")
	fs.DurationVar(&timeout, "timeout", 0, "time limit for each --vm (default: 2m, and half a second an object)")
	fs.BoolVar(&console, "console", false, "show what the kernels of --vm print")
	return cmd
}

var verifyFormats = map[string]func(*verifier.Report, io.Writer) error{
	"table":  (*verifier.Report).WriteTable,
	"matrix": (*verifier.Report).WriteMatrix,
	"json":   (*verifier.Report).WriteJSON,
}

// predictor runs the rules on an object for a kernel. Comments do not silence
// the kernel, so that suppressed findings count.
func predictor(dir string) func(context.Context, string, kernel.Version) ([]verifier.Prediction, error) {
	return func(ctx context.Context, object string, v kernel.Version) ([]verifier.Prediction, error) {
		res, err := analyzer.Check(ctx, []string{object}, analyzer.Options{Dir: dir, Kernel: v})
		if err != nil {
			return nil, err
		}
		byProgram := map[string][]diag.Finding{}
		var names []string
		for _, f := range append(res.Findings, res.Suppressed...) {
			for _, p := range f.Programs {
				if byProgram[p.Name] == nil {
					names = append(names, p.Name)
				}
				byProgram[p.Name] = append(byProgram[p.Name], f)
			}
		}
		var ps []verifier.Prediction
		for _, n := range names {
			ps = append(ps, verifier.Prediction{Program: n, Findings: byProgram[n]})
		}
		return ps, nil
	}
}
