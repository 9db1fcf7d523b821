package golangci

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"
)

func TestPlugin(t *testing.T) {
	newPlugin, err := register.GetPlugin("bpflockcheck")
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlugin(map[string]any{"notes": true, "bpf": false, "objects": []any{"a/*.o", "b.o"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.GetLoadMode(); got != register.LoadModeTypesInfo {
		t.Errorf("load mode %q", got)
	}
	as, err := p.BuildAnalyzers()
	if err != nil {
		t.Fatal(err)
	}
	if len(as) != 1 || as[0].Name != "bpflockcheck" {
		t.Fatalf("analyzers %v", as)
	}
	for name, want := range map[string]string{"notes": "true", "low": "false", "bpf": "false", "bpfobj": "a/*.o,b.o"} {
		if got := as[0].Flags.Lookup(name).Value.String(); got != want {
			t.Errorf("flag %s is %q, want %q", name, got, want)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	newPlugin, err := register.GetPlugin("bpflockcheck")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newPlugin(map[string]any{"no-such": 1}); err == nil {
		t.Error("an unknown setting is accepted")
	}
	p, err := newPlugin(map[string]any{"objects": []any{"["}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.BuildAnalyzers(); err == nil {
		t.Error("a malformed pattern is accepted")
	}
}
