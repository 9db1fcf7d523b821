// Package gitrev asks git which lines a working tree changed since a revision.
package gitrev

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Changes holds the lines that are new or changed since a revision.
type Changes struct {
	files map[string][]lines // by absolute path
	whole map[string]bool    // files that git does not know yet
}

type lines struct{ from, to int } // both included

// Since compares the working tree around dir with a revision.
func Since(ctx context.Context, dir, rev string) (*Changes, error) {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return nil, fmt.Errorf("bad revision %q", rev)
	}
	top, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	root := strings.TrimSuffix(string(top), "\n")
	if _, err := git(ctx, dir, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}"); err != nil {
		return nil, fmt.Errorf("git knows no revision %q", rev)
	}
	// Settings of the user's must not change the form of the output.
	diff, err := git(ctx, root, "-c", "core.quotePath=true", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-renames",
		"--src-prefix=a/", "--dst-prefix=b/", rev, "--")
	if err != nil {
		return nil, err
	}
	untracked, err := git(ctx, root, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, err
	}
	c, err := parse(root, diff)
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Split(string(untracked), "\x00") {
		if name != "" {
			c.whole[filepath.Join(root, filepath.FromSlash(name))] = true
		}
	}
	return c, nil
}

func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the arguments are ours but for a checked revision
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		msg, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		return nil, fmt.Errorf("git %s: %s", args[0], msg)
	case err != nil:
		return nil, fmt.Errorf("git: %w", err)
	}
	return out, nil
}

// parse reads a unified diff without context.
func parse(root string, diff []byte) (*Changes, error) {
	c := &Changes{files: map[string][]lines{}, whole: map[string]bool{}}
	file := ""
	removed, added := 0, 0 // lines of the hunk still to come
	r := bufio.NewReader(bytes.NewReader(diff))
	for {
		line, err := r.ReadString('\n')
		if line == "" && err != nil {
			return c, nil
		}
		line = strings.TrimSuffix(line, "\n")
		switch {
		case removed > 0 && strings.HasPrefix(line, "-"):
			removed--
		case added > 0 && strings.HasPrefix(line, "+"):
			added--
		case strings.HasPrefix(line, "+++ "):
			name := strings.TrimSuffix(line[len("+++ "):], "\t")
			if strings.HasPrefix(name, `"`) {
				unquoted, err := strconv.Unquote(name)
				if err != nil {
					return nil, fmt.Errorf("git diff: file name %s: %w", name, err)
				}
				name = unquoted
			}
			file = ""
			if rest, ok := strings.CutPrefix(name, "b/"); ok {
				file = filepath.Join(root, filepath.FromSlash(rest))
			}
		case strings.HasPrefix(line, "@@ "):
			var from int
			if from, removed, added, err = hunk(line); err != nil {
				return nil, err
			}
			if file != "" && added > 0 {
				c.files[file] = append(c.files[file], lines{from, from + added - 1})
			}
		}
	}
}

// hunk reads "@@ -a[,n] +b[,m] @@".
func hunk(line string) (from, removed, added int, err error) {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return 0, 0, 0, fmt.Errorf("git diff: bad hunk %q", line)
	}
	part := func(s string, sign byte) (start, count int) {
		if s == "" || s[0] != sign {
			err = fmt.Errorf("git diff: bad hunk %q", line)
			return 0, 0
		}
		a, b, found := strings.Cut(s[1:], ",")
		count = 1
		start, e1 := strconv.Atoi(a)
		var e2 error
		if found {
			count, e2 = strconv.Atoi(b)
		}
		if e := errors.Join(e1, e2); e != nil {
			err = fmt.Errorf("git diff: bad hunk %q", line)
		}
		return start, count
	}
	_, removed = part(fields[1], '-')
	from, added = part(fields[2], '+')
	return from, removed, added, err
}

// Touches reports whether a line of the range of a file, by absolute path, is
// new or changed. Line 0, a finding without a line, counts as its whole file.
func (c *Changes) Touches(abs string, from, to int) bool {
	if c.whole[abs] {
		return true
	}
	if from == 0 {
		return len(c.files[abs]) > 0
	}
	for _, l := range c.files[abs] {
		if from <= l.to && max(from, to) >= l.from {
			return true
		}
	}
	return false
}
