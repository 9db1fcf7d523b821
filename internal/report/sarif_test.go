package report

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// TestSARIFValidates asks Microsoft's validator, which knows the schema and the
// rules that GitHub and others add to it.
func TestSARIFValidates(t *testing.T) {
	tool := external.Require(t, "Sarif.Multitool", "npm install @microsoft/sarif-multitool-linux")
	for name, r := range map[string]*Report{"sample": sample(), "hostile": hostile(), "empty": {Files: sample().Files}} {
		t.Run(name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "in.sarif")
			out := filepath.Join(t.TempDir(), "out.sarif")
			if err := os.WriteFile(in, []byte(write(t, "sarif", r, Options{})), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tool, "validate", in, "--output", out) //nolint:gosec // the validator that was looked for
			cmd.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			var log struct {
				Runs []struct {
					Results []struct {
						RuleID, Level string
						Message       struct {
							Arguments []string
						}
					}
				}
			}
			if err := json.Unmarshal(b, &log); err != nil {
				t.Fatal(err)
			}
			if len(log.Runs) != 1 {
				t.Fatalf("the validator reports %d runs, want 1", len(log.Runs))
			}
			for _, res := range log.Runs[0].Results {
				if res.Level != "note" {
					t.Errorf("%s: %s: %q", res.RuleID, res.Level, res.Message.Arguments)
				}
			}
		})
	}
}
