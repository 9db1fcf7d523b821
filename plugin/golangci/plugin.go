// Package golangci makes bpflockcheck a module plugin of golangci-lint v2.
//
// List it in .custom-gcl.yml, build with "golangci-lint custom", and enable it
// in .golangci.yml:
//
//	linters:
//	  enable: [bpflockcheck]
//	  settings:
//	    custom:
//	      bpflockcheck:
//	        type: module
//	        settings:
//	          notes: false        # also findings of severity note
//	          low: false          # also findings of low confidence
//	          bpf: true           # also what is wrong in the BPF sources and objects
//	          objects: [build/*.o] # further objects whose maps the code opens
//
// golangci-lint keeps its own cache of results, in which a BPF object that is
// not embedded in Go code does not count: after changing only such an object,
// run "golangci-lint cache clean".
package golangci

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/bpflockcheck/bpflockcheck/analyzer/gomap"
)

func init() { register.Plugin("bpflockcheck", New) }

// Settings are those of .golangci.yml.
type Settings struct {
	Notes   bool     `json:"notes"`
	Low     bool     `json:"low"`
	BPF     *bool    `json:"bpf"`
	Objects []string `json:"objects"`
}

// New makes the plugin from its settings.
func New(settings any) (register.LinterPlugin, error) {
	s, err := register.DecodeSettings[Settings](settings)
	if err != nil {
		return nil, fmt.Errorf("bpflockcheck: %w", err)
	}
	return &plugin{s}, nil
}

type plugin struct{ settings Settings }

// BuildAnalyzers implements register.LinterPlugin.
func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	a := gomap.Analyzer
	values := map[string]string{
		"notes": strconv.FormatBool(p.settings.Notes),
		"low":   strconv.FormatBool(p.settings.Low),
		"bpf":   strconv.FormatBool(p.settings.BPF == nil || *p.settings.BPF),
	}
	if len(p.settings.Objects) > 0 {
		values["bpfobj"] = strings.Join(p.settings.Objects, ",")
	}
	for name, value := range values {
		if err := a.Flags.Set(name, value); err != nil {
			return nil, fmt.Errorf("bpflockcheck: %s: %w", name, err)
		}
	}
	return []*analysis.Analyzer{a}, nil
}

// GetLoadMode implements register.LinterPlugin.
func (p *plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
