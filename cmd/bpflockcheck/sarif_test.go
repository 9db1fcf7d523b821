package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
)

type sarifPlace struct {
	Location struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine, StartColumn int }
		}
	}
}

type sarifRun struct {
	Results []struct {
		RuleID    string
		Locations []struct {
			PhysicalLocation struct {
				ArtifactLocation struct{ URI string }
				Region           struct{ StartLine, StartColumn int }
			}
		}
		CodeFlows []struct {
			ThreadFlows []struct{ Locations []sarifPlace }
		}
	}
}

// TestRacesHaveTwoSides holds the findings of every rule's cases to showing
// both sides of a race: two thread flows, and not twice the same where another
// place takes part.
func TestRacesHaveTwoSides(t *testing.T) {
	// Whether a rule's findings show the other side at another place: always,
	// sometimes, or never because two runs of one piece of code meet.
	const never, sometimes, always = 0, 1, 2
	races := map[string]int{
		"BLC101": sometimes, "BLC102": never, "BLC103": always, "BLC104": always, "BLC105": never, "BLC106": sometimes,
		"BLC107": never, "BLC108": sometimes, "BLC111": sometimes, "BLC112": always, "BLC208": sometimes,
	}
	seen, elsewhere := map[string]int{}, map[string]int{}
	dirs, err := filepath.Glob(filepath.Join("..", "..", "testdata", "blc[12]*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("cases: %v, %v", dirs, err)
	}
	var stdout, stderr bytes.Buffer
	c := &cli.Command{Stdout: &stdout, Stderr: &stderr}
	if status := c.Main(append([]string{"--no-config", "--quiet", "--enable", "all", "--confidence", "low", "--format", "sarif"}, dirs...)); status == cli.ExitFailure {
		t.Fatal(stderr.String())
	}
	var log struct{ Runs []sarifRun }
	if err := json.Unmarshal(stdout.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	for _, res := range log.Runs[0].Results {
		rule := res.RuleID
		if _, race := races[rule]; !race {
			if len(res.CodeFlows) > 0 {
				t.Errorf("%s has the flows of a race", rule)
			}
			continue
		}
		seen[rule]++
		if len(res.CodeFlows) == 0 && rule == "BLC106" {
			continue // a lock declared for a field and never taken
		}
		if len(res.CodeFlows) != 1 || len(res.CodeFlows[0].ThreadFlows) != 2 {
			t.Errorf("%s at %+v has no two thread flows", rule, res.Locations)
			continue
		}
		a, b := res.CodeFlows[0].ThreadFlows[0].Locations, res.CodeFlows[0].ThreadFlows[1].Locations
		if !reflect.DeepEqual(a, b) {
			elsewhere[rule]++
		}
		own := slices.ContainsFunc(a, func(l sarifPlace) bool { return l.Location.PhysicalLocation == res.Locations[0].PhysicalLocation })
		if !own || len(b) == 0 {
			t.Errorf("%s: the first flow lacks the finding's place, or the second is empty: %+v %+v", rule, a, b)
		}
	}
	for rule, want := range races {
		n, m := seen[rule], elsewhere[rule]
		if n == 0 {
			t.Errorf("no case of %s is found", rule)
		}
		if want == never && m > 0 || want == sometimes && m == 0 || want == always && m < n {
			t.Errorf("%s: %d of %d findings show the other side at a place of its own", rule, m, n)
		}
	}
}
