package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/internal/report"
)

func (c *Command) rulesCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules, one line each",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			switch format {
			case "json":
				return report.WriteRulesJSON(c.Stdout, catalogue())
			case "text":
			default:
				return fmt.Errorf("--format: unknown format %q: want text or json", format)
			}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			for _, r := range catalogue() {
				if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Name, r.Severity, r.Title); err != nil {
					return err
				}
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "output `FORMAT`: text, json")
	complete(cmd, "format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
