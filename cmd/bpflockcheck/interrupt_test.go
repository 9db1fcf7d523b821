//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
)

// TestInterrupt interrupts a run that waits for an input which does not come.
func TestInterrupt(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			cmd := exec.Cmd{Path: self, Args: []string{"bpflockcheck", "-"}, Stderr: &stderr, Dir: t.TempDir()}
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			// More than a pipe holds: when it is written, the process reads.
			if _, err := stdin.Write(bytes.Repeat([]byte("// more to come\n"), 64<<10)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
			defer late.Stop()
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != cli.ExitFailure {
				t.Errorf("ended with %v, want status %d", err, cli.ExitFailure)
			}
			if !strings.Contains(stderr.String(), "bpflockcheck: interrupted\n") {
				t.Errorf("standard error: %q", &stderr)
			}
		})
	}
}
