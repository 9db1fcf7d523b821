package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func checkRule(sel string) error {
	if strings.HasPrefix(sel, "BLC") {
		return nil
	}
	return errors.New("unknown rule " + sel)
}

func TestParse(t *testing.T) {
	got, err := Parse("c.yaml", []byte(`
version: 1
kernel: "5.10"
enable: [BLC105, BLC2]
severity: {BLC401: note}
fail-on: error
strict: true
include-dirs:
  - include
exclude: ["third_party/"]
overrides:
  - paths: ["tests/**"]
    disable: [BLC1]
`), checkRule)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Version: 1, Kernel: "5.10", Enable: []string{"BLC105", "BLC2"}, Severity: map[string]string{"BLC401": "note"},
		FailOn: "error", Strict: true, IncludeDirs: []string{"include"}, Exclude: []string{"third_party/"},
		Overrides: []Override{{Paths: []string{"tests/**"}, Disable: []string{"BLC1"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"kernl: x\n", `c.yaml:1:1: unknown key "kernl", did you mean "kernel"?`},
		{"version: 1\noverrides:\n  - paths: [a]\n    disabel: [BLC1]\n", `c.yaml:4:5: unknown key "disabel", did you mean "disable"?`},
		{"fail-on: warn\n", `c.yaml:1:10: unknown value "warn"; want error, warning, note, never`},
		{"fail-on: eror\n", `c.yaml:1:10: unknown value "eror", did you mean "error"?; want error, warning, note, never`},
		{"kernel: 5.10\n", `c.yaml:1:9: kernel must be quoted: "5.10" (YAML reads it as the number 5.1)`},
		{"kernel: \"five\"\n", `c.yaml:1:9: kernel version "five": want MAJOR.MINOR, such as 5.15`},
		{"enable: BLC1\n", `c.yaml:1:9: want a list: [a, b]`},
		{"enable:\n  - BLC1\n  - nope\n", `c.yaml:3:5: unknown rule nope`},
		{"severity:\n  nope: note\n", `c.yaml:2:3: unknown rule nope`},
		{"severity:\n  BLC1: bad\n", `c.yaml:2:9: unknown value "bad"; want error, warning, note`},
		{"strict: maybe\n", `c.yaml:1:9: want true or false, not "maybe"`},
		{"version: 2\n", `c.yaml:1:10: unknown value "2"; want 1`},
		{"overrides:\n  - disable: [BLC1]\n", `override without "paths"`},
		{"just text\n", `want a mapping`},
		{"defines: [101]\n", `c.yaml:1:11: want text, which must be quoted here: "101"`},
		{"version: \"1\"\n", `c.yaml:1:10: want a number, not "1"`},
		{"disable:\n  -\n", `c.yaml:2:5: want a value`},
		{"a: [\n", `c.yaml:1:4: `},
		{"disable: &a [BLC1]\nenable: *a\n", `c.yaml:1:10: anchors, aliases and tags of YAML are not taken`},
		{"enable: *a\n", `c.yaml:1:9: anchors, aliases and tags`},
		{"enable: [!x BLC1]\n", `c.yaml:1:10: anchors, aliases and tags`},
		{"\ufeffkernl: x\n", `c.yaml:1:1: unknown key "kernl"`},
		{"version: 1\n---\nversion: 1\n", `more than one YAML document`},
	}
	for _, tt := range tests {
		_, err := Parse("c.yaml", []byte(tt.in), checkRule)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q) = %v, want %q", tt.in, err, tt.want)
		}
	}
}

func TestParseByteOrderMark(t *testing.T) {
	for _, in := range []string{"\ufeffstrict: true\n", "\ufeff# comment\r\nstrict: true\r\n", "\ufeff---\nstrict: true\n"} {
		if c, err := Parse("c.yaml", []byte(in), checkRule); err != nil || !c.Strict {
			t.Errorf("Parse(%q) = %+v, %v", in, c, err)
		}
	}
}

func TestParseEmpty(t *testing.T) {
	for _, in := range []string{"", "# only a comment\n", "\n---\n", Initial} {
		if _, err := Parse("c.yaml", []byte(in), checkRule); err != nil {
			t.Errorf("Parse(%q): %v", in, err)
		}
	}
}

func TestLoadFindsNearest(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(deep, 0o750); err != nil {
		t.Fatal(err)
	}
	if l, err := Load("", deep, checkRule); err != nil || l.Path != "" {
		t.Errorf("without a file: %+v, %v", l, err)
	}
	if err := os.WriteFile(filepath.Join(root, "a", FileName), []byte("strict: true\nbaseline: known.json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Load("", deep, checkRule)
	if err != nil || !l.Strict || l.Rel(l.Baseline) != filepath.Join(root, "a", "known.json") {
		t.Errorf("Load = %+v, %v", l, err)
	}
	if _, err := Load("missing.yaml", deep, checkRule); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file that was named: %v", err)
	}
}

// A config by nearly the right name is not passed over in silence, unless there
// is a right one before it.
func TestFindNamesNearMisses(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".bpflockcheck.yml", "bpflockcheck.yaml"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Find(dir); err == nil || !strings.Contains(err.Error(), name+": is not read: a config is called .bpflockcheck.yaml") {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, FileName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := Find(dir); err != nil || filepath.Base(found) != FileName {
			t.Errorf("beside the right one: %s, %v", found, err)
		}
		if err := errors.Join(os.Remove(path), os.Remove(filepath.Join(dir, FileName))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSchemaIsPublished holds docs/config.schema.json to the types. To renew
// it: go run ./cmd/bpflockcheck config schema > docs/config.schema.json
func TestSchemaIsPublished(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "..", "docs", "config.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/config.schema.json is stale (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{Initial, "overrides:\n  - paths: [a]\n", "a: &x [*x]\n", "? {a: b}\n: c\n", "severity: {<<: *a}\n", "- a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, in []byte) {
		_, _ = Parse("c.yaml", in, checkRule)
	})
}
