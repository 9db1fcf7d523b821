package lsp_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpflockcheck/bpflockcheck/internal/external"
)

// A real editor: Neovim, without a screen.
func TestNeovim(t *testing.T) {
	nvim := external.Require(t, "nvim", "apt-get install neovim")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := workspace(t, map[string]string{"count.bpf.c": counting, ".git/HEAD": ""})
	out := filepath.Join(t.TempDir(), "report.json")
	script, err := filepath.Abs("testdata/session.lua")
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := filepath.Abs("../../editors/neovim")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", filepath.Join(dir, "count.bpf.c"), "-c", "luafile "+script)
	cmd.Dir = dir
	home := t.TempDir()
	cmd.Env = append(os.Environ(), asServer+"=1", "SERVER="+self, "PLUGIN="+plugin, "REPORT="+out,
		"HOME="+home, "XDG_STATE_HOME="+home, "XDG_CACHE_HOME="+home, "XDG_DATA_HOME="+home)
	screen, runErr := cmd.CombinedOutput()
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("no report: %v\n%v\n%s", err, runErr, screen)
	}
	type finding struct {
		Line     int
		Code     string
		Message  string
		Severity int
	}
	var report struct {
		Error         string
		Before, After []finding
		Menu          []string
		Text, Hover   string
		Root          string
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	if report.Error != "" || runErr != nil {
		t.Fatalf("%v: %s\n%s\n%s", runErr, report.Error, screen, raw)
	}
	if b := report.Before; len(b) != 2 || b[0].Line != 32 || b[1].Line != 33 || !strings.Contains(b[0].Message, "flows.packets") || b[0].Severity != 2 {
		t.Errorf("before: %+v", b)
	}
	if a := report.After; len(a) != 1 || a[0].Line != 32 || !strings.Contains(a[0].Message, "flows.packets") {
		t.Errorf("after: %+v", a)
	}
	if !strings.Contains(report.Text, "\tv->packets++;\n\t__sync_fetch_and_add(&v->bytes, 64);\n") {
		t.Errorf("text after the fix:\n%s", report.Text)
	}
	if !strings.Contains(strings.Join(report.Menu, "\n"), "Suppress BLC101") {
		t.Errorf("menu: %q", report.Menu)
	}
	if report.Root != dir {
		t.Errorf("root %q, want %q", report.Root, dir)
	}
	if !strings.Contains(report.Hover, "flows.packets") {
		t.Errorf("hover: %q", report.Hover)
	}
}
