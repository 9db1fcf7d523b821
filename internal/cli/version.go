package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// released is the version of a released program; the linker sets it (see
// .goreleaser.yaml).
var released string

// version is that of the release, or else the module's as the go command
// recorded it; "devel" for a build from a working tree.
func version() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func (c *Command) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.Stdout, longVersion())
			return err
		},
	}
}

// longVersion is what the version command and --version print.
func longVersion() string {
	return fmt.Sprintf("bpflockcheck %s (%s, %s/%s), knows kernels up to %s",
		version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, kernel.Newest)
}
