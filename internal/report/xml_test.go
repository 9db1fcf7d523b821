package report

import (
	"encoding/xml"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// TestXMLValidates asks libxml2 whether the reports have the form that their
// readers know.
func TestXMLValidates(t *testing.T) {
	tool := external.Require(t, "xmllint", "apt-get install libxml2-utils")
	reports := map[string]*Report{"sample": sample(), "hostile": hostile(), "empty": {Files: sample().Files}}
	for _, format := range []string{"checkstyle", "junit"} {
		for name, r := range reports {
			t.Run(format+"/"+name, func(t *testing.T) {
				cmd := exec.Command(tool, "--noout", "--nonet", "--schema", filepath.Join("testdata", format+".xsd"), "-") //nolint:gosec // the validator that was looked for
				cmd.Stdin = strings.NewReader(write(t, format, r, Options{}))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
		t.Run(format+"/wrong", func(t *testing.T) {
			cmd := exec.Command(tool, "--noout", "--nonet", "--schema", filepath.Join("testdata", format+".xsd"), "-") //nolint:gosec // the validator that was looked for
			cmd.Stdin = strings.NewReader(strings.Replace(write(t, format, sample(), Options{}), ` line="5"`, ` lines="5"`, 1) + "<x/>")
			if cmd.Run() == nil {
				t.Error("the schema lets anything pass")
			}
		})
	}
}

// TestJUnitCounts holds the totals to the cases.
func TestJUnitCounts(t *testing.T) {
	var doc junitSuites
	if err := xml.Unmarshal([]byte(write(t, "junit", sample(), Options{})), &doc); err != nil {
		t.Fatal(err)
	}
	s := doc.Suites[0]
	var failures, errs, skipped int
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			failures++
		case c.Error != nil:
			errs++
		case c.Skipped != nil:
			skipped++
		}
	}
	if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errs || s.Skipped != skipped || failures != 3 || errs != 1 || skipped != 1 {
		t.Errorf("totals %d/%d/%d/%d do not fit the cases %d/%d/%d/%d", s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases), failures, errs, skipped)
	}
}
