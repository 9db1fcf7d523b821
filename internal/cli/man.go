package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (c *Command) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long:  "Prints the manual page in man(7) format: bpflockcheck man | man -l -",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var b strings.Builder
			writeMan(&b, cmd.Root())
			_, err := io.WriteString(c.Stdout, b.String())
			return err
		},
	}
}

// writeMan writes the page from the command tree, so that it cannot drift.
func writeMan(b *strings.Builder, root *cobra.Command) {
	fmt.Fprintf(b, ".TH BPFLOCKCHECK 1 \"\" %s\n", roffQuote("bpflockcheck "+version()))
	fmt.Fprintf(b, ".SH NAME\nbpflockcheck \\- %s\n", roff(strings.ToLower(root.Short[:1])+root.Short[1:]))
	fmt.Fprintf(b, ".SH SYNOPSIS\n.nf\n%s\n", roff(root.UseLine()))
	for _, sub := range commands(root) {
		fmt.Fprintln(b, roff(sub.UseLine()))
	}
	fmt.Fprintf(b, ".fi\n.SH DESCRIPTION\n%s\n", roff(root.Long))
	b.WriteString(".SH OPTIONS\n")
	manFlags(b, root.LocalFlags())
	b.WriteString(".SH COMMANDS\n")
	for _, sub := range commands(root) {
		fmt.Fprintf(b, ".SS %s\n", roff(sub.UseLine()))
		text := sub.Long
		if text == "" || sub.Parent().Name() == "completion" {
			text = sub.Short + "."
		}
		fmt.Fprintln(b, roff(text))
		if sub.Name() != "check" { // its flags are those above
			manFlags(b, sub.LocalFlags())
		}
	}
	fmt.Fprintf(b, ".SH EXIT STATUS\n.TP\n.B %d\nnothing at or above \\-\\-fail\\-on\n.TP\n.B %d\nfindings\n.TP\n.B %d\nthe job could not be done\n",
		ExitOK, ExitFindings, ExitFailure)
	fmt.Fprintf(b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(root.Example))
}

// commands gives the commands that do something, those of a group each alone.
func commands(parent *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, sub := range parent.Commands() {
		switch {
		case !sub.IsAvailableCommand():
		case sub.HasAvailableSubCommands():
			out = append(out, commands(sub)...)
		default:
			out = append(out, sub)
		}
	}
	return out
}

func manFlags(b *strings.Builder, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(b, ".TP\n.B %s", roff(name))
		if value != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", roff(value))
		}
		fmt.Fprintf(b, "\n%s\n", roff(usage))
	})
}

// roff escapes what man(7) takes for requests and escapes.
func roff(s string) string {
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\e`), "-", `\-`), "\n")
	for i, l := range lines {
		switch {
		case l == "":
			lines[i] = ".PP"
		case l[0] == '.' || l[0] == '\'':
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}

func roffQuote(s string) string { return `"` + strings.ReplaceAll(roff(s), `"`, "'") + `"` }
