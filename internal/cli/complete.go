package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/internal/report"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// completeFlags tells the shells which words the flags of check take. A flag
// that is not named here takes files.
func completeFlags(cmd *cobra.Command) {
	words := func(flag string, choices ...string) {
		complete(cmd, flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
	}
	words("format", report.Formats()...)
	words("fail-on", "error", "warning", "note", "never")
	words("confidence", "high", "medium", "low")
	words("color", "auto", "always", "never")
	for _, flag := range []string{"kernel", "jobs", "define", "exclude", "new-from-rev", "stdin-filename"} {
		words(flag)
	}
	complete(cmd, "include-dir", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
	complete(cmd, "output", func(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if strings.Contains(word, "=") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		var out []string
		for _, f := range report.Formats() {
			out = append(out, f+"=")
		}
		return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
	for _, flag := range []string{"enable", "disable"} {
		complete(cmd, flag, completeRules(""))
	}
	complete(cmd, "severity", completeRules("="))
}

func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	// It fails for a flag that is not there or has one: a mistake of ours that
	// the tests see as a completion that is missing.
	_ = cmd.RegisterFlagCompletionFunc(flag, f)
}

// completeRules completes the last rule of a list with commas, and puts what
// must follow it.
func completeRules(suffix string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := word[:strings.LastIndexByte(word, ',')+1]
		if suffix != "" && strings.Contains(word[len(before):], suffix) {
			return []string{word + "error", word + "warning", word + "note"}, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for _, w := range ruleWords() {
			name, summary, _ := strings.Cut(w, "\t")
			name = before + name + suffix
			if before == "" {
				// cobra's script for bash drops words with a comma that have a
				// description.
				name += "\t" + summary
			}
			out = append(out, name)
		}
		return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
}

// ruleWords names the rules in both ways, each with what it says.
func ruleWords() []string {
	var words []string
	for _, r := range rules.All() {
		words = append(words, r.ID+"\t"+r.Summary, r.Name+"\t"+r.Summary)
	}
	return words
}
