// Package cli is the command line. It parses, prints and decides the exit
// status; everything else is done by the packages it calls.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/internal/report"
	"github.com/bpflockcheck/bpflockcheck/internal/suggest"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// Exit statuses.
const (
	// ExitOK: nothing at or above --fail-on was found.
	ExitOK = 0
	// ExitFindings: something was.
	ExitFindings = 1
	// ExitFailure: the job could not be done: a bad flag, an input named by
	// the user that cannot be read or parsed, or no input at all.
	ExitFailure = 2
)

// Command is one run of the program. The zero value reads and writes nothing;
// see Standard.
type Command struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Env looks an environment variable up; nil: os.Getenv.
	Env func(string) string
	// Dir is the working folder; "" is the process's.
	Dir string
	// Context ends the run early; nil: never.
	Context context.Context

	status int
	// exit ends the process; nil: it is not the Command's to end.
	exit func(status int)
}

// Standard is the Command of a process: its streams, ended by an interrupt.
func Standard() *Command {
	return &Command{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, exit: os.Exit}
}

// grace is how long a run may take to end after an interrupt. Nothing else ends
// one that waits for a pipe: a read has no context.
const grace = 2 * time.Second

// Main runs the command line args, without the program's name, and gives the
// exit status.
func (c *Command) Main(args []string) int {
	if c.Env == nil {
		c.Env = os.Getenv
	}
	ctx := c.Context
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if c.exit != nil {
		done := make(chan struct{})
		defer close(done)
		context.AfterFunc(ctx, func() {
			stop() // a second signal does what signals do
			select {
			case <-done:
			case <-time.After(grace):
				c.errorf("interrupted")
				c.exit(ExitFailure)
			}
		})
	}

	root := c.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		c.errorf("%s", c.explainError(ctx, err))
		return ExitFailure
	}
	return c.status
}

// explainError words an error for the last line that the user sees.
func (c *Command) explainError(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	return err.Error()
}

// errorf prints a line on standard error.
func (c *Command) errorf(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Stderr, "bpflockcheck: %s\n", report.Clean(fmt.Sprintf(format, args...)))
}

// root builds the command tree. The root itself checks, so that
// "bpflockcheck PATH" and "bpflockcheck check PATH" are the same.
func (c *Command) root() *cobra.Command {
	root := c.checkCommand()
	root.Use = "bpflockcheck [flags] [PATH | GO-PACKAGE]..."
	root.Short = "Find concurrency bugs in BPF programs"
	root.Long = `bpflockcheck finds concurrency bugs in BPF programs before they reach a kernel:
lost updates on shared maps, broken bpf_spin_lock discipline, and the userspace
side of both. It reads BPF C sources, compiled BPF objects and Go code.`
	root.Example = `  bpflockcheck                            everything below the current folder
  bpflockcheck --kernel 5.15 prog.bpf.c -- -Iinclude -DDEBUG
  bpflockcheck --format sarif . > bpf.sarif
  bpflockcheck explain BLC101`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Version = longVersion()
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version") // else cobra adds one with the short name -v
	root.SetIn(c.Stdin)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		c.checkCommand(),
		c.rulesCommand(),
		c.explainCommand(),
		c.verifyCommand(),
		c.lspCommand(),
		c.configCommand(),
		c.versionCommand(),
		c.manCommand(),
	)
	strictWords(root)
	return root
}

// strictWords makes errors of words that cobra's own commands do not know. They
// would print a help text, and a script would take it for what it asked for.
func strictWords(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, sub := range root.Commands() {
		switch sub.Name() {
		case "completion":
			sub.Args = cobra.ArbitraryArgs
			sub.RunE = func(cmd *cobra.Command, args []string) error {
				var shells []string
				for _, shell := range cmd.Commands() {
					shells = append(shells, shell.Name())
				}
				if len(args) > 0 {
					return fmt.Errorf("completion: unknown shell %q%s; want one of: %s", args[0], suggest.DidYouMean(args[0], shells), strings.Join(shells, ", "))
				}
				return fmt.Errorf("completion wants one of: %s", strings.Join(shells, ", "))
			}
		case "help":
			show := sub.Run
			sub.Run = nil
			sub.RunE = func(cmd *cobra.Command, args []string) error {
				if found, _, err := root.Find(args); len(args) > 0 && (err != nil || found == root) {
					return fmt.Errorf("help: unknown command %q%s", args[0], suggest.DidYouMean(args[0], subcommands(root)))
				}
				show(cmd, args)
				return nil
			}
		}
	}
}

// flagError names the flag that a mistyped one may have meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown interface{ GetSpecifiedName() string }
	if !errors.As(err, &unknown) {
		return fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath())
	}
	hint := ""
	if name := suggest.Nearest(unknown.GetSpecifiedName(), flagNames(cmd)); name != "" {
		hint = ", did you mean --" + name + "?"
	}
	return fmt.Errorf("%w%s; see: %s --help", err, hint, cmd.CommandPath())
}

// dir gives the absolute working folder.
func (c *Command) dir() (string, error) { return filepath.Abs(c.Dir) }

// noArgs refuses arguments with a message of our own form.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments", cmd.CommandPath())
	}
	return nil
}

// catalogue gives the rules in the form that reports need.
func catalogue() []report.Rule {
	var out []report.Rule
	for _, r := range rules.All() {
		out = append(out, report.Rule{ID: r.ID, Name: r.Name, Severity: r.Severity, Title: r.Summary, Page: rules.Page(r)})
	}
	return out
}
