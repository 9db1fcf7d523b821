package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bpflockcheck": func() { os.Exit(cli.Standard().Main(os.Args[1:])) },
	})
}

// TestScript runs testdata/script: one script for each behaviour of the command
// line. Every script starts with the files of testdata/src in its folder:
// racy.bpf.c with one lost update, clean.bpf.c without findings, and the header
// they include.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			// The race detector would sleep a second at the end of every command.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Setenv("GIT_AUTHOR_NAME", "a")
			e.Setenv("GIT_AUTHOR_EMAIL", "a@example.com")
			e.Setenv("GIT_COMMITTER_NAME", "a")
			e.Setenv("GIT_COMMITTER_EMAIL", "a@example.com")
			files, err := filepath.Glob("testdata/src/*")
			if err != nil {
				return err
			}
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(e.WorkDir, filepath.Base(f)), b, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
