package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

func (c *Command) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain RULE",
		Short:   "Print one rule's page",
		Example: "  bpflockcheck explain BLC101\n  bpflockcheck explain lost-update",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("explain takes one rule, such as BLC101 or lost-update")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleWords(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			r := rules.Lookup(args[0])
			if r == nil {
				r = rules.Lookup("BLC" + args[0]) // 101
			}
			if r == nil {
				if err := analyzer.CheckSelector(args[0]); err != nil {
					return err
				}
				return fmt.Errorf("%q stands for several rules; name one", args[0])
			}
			_, err := io.WriteString(c.Stdout, rules.Page(r))
			return err
		},
	}
}
