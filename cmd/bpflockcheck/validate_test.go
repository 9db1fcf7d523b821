package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// TestReportsOfCasesValidate has the reports on all the rules' cases, in
// sources and objects, judged by validators that were not written here.
func TestReportsOfCasesValidate(t *testing.T) {
	dir := t.TempDir()
	file := func(format string) string { return filepath.Join(dir, "report."+format) }
	args := []string{"--no-config", "--quiet", "--enable", "all", "--confidence", "low", "--format", "text", filepath.Join("..", "..", "testdata")}
	for _, format := range []string{"sarif", "checkstyle", "junit"} {
		args = append(args, "--output", format+"="+file(format))
	}
	var stdout, stderr strings.Builder
	c := &cli.Command{Stdout: &stdout, Stderr: &stderr}
	if status := c.Main(args); status != cli.ExitFindings {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	for _, format := range []string{"checkstyle", "junit"} {
		t.Run(format, func(t *testing.T) {
			schema := filepath.Join("..", "..", "internal", "report", "testdata", format+".xsd")
			cmd := exec.Command(external.Require(t, "xmllint", "apt-get install libxml2-utils"), "--noout", "--nonet", "--schema", schema, file(format)) //nolint:gosec // the validator that was looked for
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	t.Run("sarif", func(t *testing.T) {
		tool := external.Require(t, "Sarif.Multitool", "npm install @microsoft/sarif-multitool-linux")
		verdict := filepath.Join(dir, "verdict.sarif")
		cmd := exec.Command(tool, "validate", file("sarif"), "--output", verdict) //nolint:gosec // the validator that was looked for
		cmd.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b, err := os.ReadFile(verdict)
		if err != nil {
			t.Fatal(err)
		}
		var log struct {
			Runs []struct {
				Results []struct {
					RuleID, Level string
					Message       struct{ Arguments []string }
				}
			}
		}
		if err := json.Unmarshal(b, &log); err != nil || len(log.Runs) != 1 {
			t.Fatalf("%v, %d runs", err, len(log.Runs))
		}
		for _, res := range log.Runs[0].Results {
			if res.Level != "note" {
				t.Errorf("%s: %s: %q", res.RuleID, res.Level, res.Message.Arguments)
			}
		}
		found, err := os.ReadFile(file("sarif"))
		if err != nil || strings.Count(string(found), `"ruleIndex"`) < 50 {
			t.Errorf("few results to judge: %v", err)
		}
	})
}
