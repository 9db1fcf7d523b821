package lsp

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// Every setting is known by its name, and is in the documentation.
func TestSettingNames(t *testing.T) {
	page, err := os.ReadFile("../../docs/editors.md")
	if err != nil {
		t.Fatal(err)
	}
	typ := reflect.TypeFor[settings]()
	if typ.NumField() != len(settingNames) {
		t.Errorf("%d settings, %d names", typ.NumField(), len(settingNames))
	}
	for i, name := range settingNames {
		if tag := typ.Field(i).Tag.Get("json"); tag != name {
			t.Errorf("setting %d is %q in the type and %q by name", i, tag, name)
		}
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/editors.md does not have %q", name)
		}
	}
}

// What is given to users of other editors names the command as it is.
func TestEditorFiles(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		b, err := os.ReadFile("../../editors/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var code map[string]any
	text := regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAllString(read("vscode/settings.json"), "")
	if err := json.Unmarshal([]byte(text), &code); err != nil {
		t.Fatal(err)
	}
	if args, _ := code["glspc.server.commandArguments"].([]any); code["glspc.server.command"] != serverName || len(args) != 1 || args[0] != "lsp" {
		t.Errorf("VS Code: %v", code)
	}
	for name, want := range map[string]string{
		"helix/languages.toml":    "command = \"bpflockcheck\"\nargs = [\"lsp\"]\n",
		"emacs/bpflockcheck.el":   `'("bpflockcheck" "lsp")`,
		"neovim/bpflockcheck.lua": `{ 'bpflockcheck', 'lsp' }`,
	} {
		if !strings.Contains(read(name), want) {
			t.Errorf("%s: no %s", name, want)
		}
	}
}
