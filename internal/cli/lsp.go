package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bpflockcheck/bpflockcheck/internal/lsp"
)

// A language server's heap is mostly headers that stay, which the collector
// would mark again and again between edits: let it grow further first.
const lspGCPercent = 400

func (c *Command) lspCommand() *cobra.Command {
	var stdio bool
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor: the language server on standard input and output",
		Long: `Speaks the Language Server Protocol on standard input and output. Editors start
it; see docs/editors.md. Settings come from the editor, under "bpflockcheck",
and from the .bpflockcheck.yaml nearest to each file.

Exit status: 0 after shutdown and exit, 1 when the editor went away without
them, 2 when its messages cannot be read.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			debug.SetGCPercent(lspGCPercent)
			err := lsp.Serve(cmd.Context(), closing(c.Stdin), writeClosing(c.Stdout), lsp.Config{
				Version: version(),
				Options: lspOptions,
				Log:     slog.New(slog.NewTextHandler(c.Stderr, nil)),
			})
			if errors.Is(err, lsp.ErrNoShutdown) || errors.Is(err, lsp.ErrGone) {
				c.errorf("%s", err)
				c.status = ExitFindings
				return nil
			}
			return err
		},
	}
	// Some clients pass it to every server.
	cmd.Flags().BoolVar(&stdio, "stdio", true, "use standard input and output, the only way there is")
	_ = cmd.Flags().MarkHidden("stdio")
	return cmd
}

// lspOptions makes the settings for a folder from flags of check.
func lspOptions(dir string, args []string) (lsp.Options, error) {
	var flags checkFlags
	fs := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	flags.register(fs)
	if err := fs.Parse(args); err != nil {
		return lsp.Options{}, fmt.Errorf("settings: %w", err)
	}
	var clangFlags []string
	if n := fs.ArgsLenAtDash(); n >= 0 {
		clangFlags = fs.Args()[n:]
	}
	s, err := flags.settle(fs, dir, clangFlags)
	if err != nil {
		return lsp.Options{}, err
	}
	o := lsp.Options{Options: s.options}
	if s.baseline != "" {
		o.Baseline = inDir(dir, s.baseline)
	}
	return o, nil
}

// closing gives a reader its Close, if it has one.
func closing(r io.Reader) io.ReadCloser {
	if rc, ok := r.(io.ReadCloser); ok {
		return rc
	}
	return io.NopCloser(r)
}

type nopWriteCloser struct{ io.Writer }

func (nopWriteCloser) Close() error { return nil }

func writeClosing(w io.Writer) io.WriteCloser {
	if wc, ok := w.(io.WriteCloser); ok {
		return wc
	}
	return nopWriteCloser{w}
}
