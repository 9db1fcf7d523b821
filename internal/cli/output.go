package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bpflockcheck/bpflockcheck/internal/atomicfile"
	"github.com/bpflockcheck/bpflockcheck/internal/report"
)

// writeFile writes a report into a file.
func writeFile(path, format string, rep *report.Report) error {
	var buf bytes.Buffer
	if err := report.Write(&buf, format, rep, report.Options{Complete: true}); err != nil {
		return err
	}
	return atomicfile.Write(path, buf.Bytes(), 0o644)
}

// useColor decides about colour for one stream: by --color, and with auto by
// NO_COLOR (no-color.org) and by whether it is a terminal.
func (c *Command) useColor(s *settings, w io.Writer) bool {
	switch {
	case s.noColor || s.color == "never":
		return false
	case s.color == "always":
		return true
	}
	return c.Env("NO_COLOR") == "" && c.Env("TERM") != "dumb" && isTerminal(w)
}

// sameFile reports whether two absolute paths are those of one file, which need
// not exist yet. Devices and pipes can be written to more than once.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA != nil || errB != nil {
		return filepath.Clean(a) == filepath.Clean(b)
	}
	return infoA.Mode().IsRegular() && os.SameFile(infoA, infoB)
}

// checkWritable reports a folder that a report is to be written into and that
// is not there, before anything is analysed for it.
func checkWritable(path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no folder %s", path, dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: %s is no folder", path, dir)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a folder", path)
	}
	return nil
}

// isTerminal reports whether a stream is a character device other than the
// null device, by whatever name that goes here.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// progress is a line on standard error's terminal that long runs keep up to
// date.
type progress struct {
	w     io.Writer
	start time.Time
	last  time.Time
	shown bool
}

// Shorter runs show no progress line; and it is not redrawn more often. Tests
// shorten them.
var (
	progressAfter = time.Second
	progressEvery = 100 * time.Millisecond
)

func (c *Command) newProgress(quiet bool) *progress {
	p := &progress{start: time.Now()}
	if !quiet && isTerminal(c.Stderr) && c.Env("TERM") != "dumb" {
		p.w = c.Stderr
	}
	return p
}

func (p *progress) update(done, total int) {
	now := time.Now()
	if p.w == nil || now.Sub(p.start) < progressAfter || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	_, _ = fmt.Fprintf(p.w, "\r\x1b[Kchecked %d of %d files", done, total)
}

func (p *progress) clear() {
	if p.shown {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}
