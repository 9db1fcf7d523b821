// Package gitrev asks git which lines a working tree changed since a revision.
package gitrev

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Changes holds the lines that are new or changed since a revision.
type Changes struct {
	files map[string][]lines // by absolute path
	known map[string]bool    // files that git tracks; all others are new
}

type lines struct{ from, to int } // both included

// Since compares the working tree around dir with a revision, or, where HEAD has
// branched off from it, with where it did: what others changed since in the
// revision is no change of HEAD's. In a repository without a commit everything is
// new since HEAD.
func Since(ctx context.Context, dir, rev string) (*Changes, error) {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return nil, fmt.Errorf("bad revision %q", rev)
	}
	top, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	root := filepath.FromSlash(strings.TrimSuffix(string(top), "\n"))
	if _, err := git(ctx, root, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}"); err != nil {
		if (rev == "HEAD" || rev == "@") && unborn(ctx, root) {
			return &Changes{}, nil
		}
		return nil, unknownRevision(ctx, root, rev)
	}
	base := rev
	if out, err := git(ctx, root, "merge-base", "--end-of-options", rev, "HEAD"); err == nil {
		base = strings.TrimSpace(string(out))
	} // else they have no history in common, or a shallow clone has not got it
	// Settings of the user's must not change the form of the output. A file
	// that was renamed is not new: only its changed lines are.
	diff, err := git(ctx, root, "-c", "core.quotePath=true", "diff", "--unified=0", "--inter-hunk-context=0",
		"--no-color", "--no-ext-diff", "--no-textconv", "--find-renames",
		"--submodule=diff", "--ignore-submodules=none", "--src-prefix=a/", "--dst-prefix="+newPrefix, base, "--")
	if err != nil {
		return nil, err
	}
	tracked, err := git(ctx, root, "ls-files", "--recurse-submodules", "-z")
	if err != nil {
		return nil, err
	}
	c, err := parse(root, diff)
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Split(string(tracked), "\x00") {
		if name != "" {
			c.known[filepath.Join(root, filepath.FromSlash(name))] = true
		}
	}
	return c, nil
}

// unborn reports whether HEAD names a branch that has no commit yet.
func unborn(ctx context.Context, root string) bool {
	_, err := git(ctx, root, "symbolic-ref", "--quiet", "HEAD")
	return err == nil
}

func unknownRevision(ctx context.Context, root, rev string) error {
	if out, err := git(ctx, root, "rev-parse", "--is-shallow-repository"); err == nil && strings.TrimSpace(string(out)) == "true" {
		return fmt.Errorf("git knows no revision %q: the clone is shallow; fetch more of the history (git fetch --unshallow; in GitHub's checkout fetch-depth: 0, in GitLab GIT_DEPTH: 0)", rev)
	}
	return fmt.Errorf("git knows no revision %q", rev)
}

func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the arguments are ours but for a checked revision
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		msg, advice, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		if i := strings.Index(advice, "git config --global --add safe.directory"); i >= 0 {
			// A container's job often runs as another user than the one that cloned.
			advice, _, _ = strings.Cut(advice[i:], "\n")
			msg += "; if it is to be trusted: " + advice
		}
		return nil, fmt.Errorf("git %s: %s", args[0], msg)
	case err != nil:
		return nil, fmt.Errorf("git: %w", err)
	}
	return out, nil
}

// parse reads a unified diff. There may be context: git does not hand the
// option against it down to the diffs of submodules.
func parse(root string, diff []byte) (*Changes, error) {
	c := &Changes{files: map[string][]lines{}, known: map[string]bool{}}
	file := ""
	removed, added, at := 0, 0, 0 // lines of the hunk still to come, and the next new one's number
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
			c.add(file, at)
			added--
			at++
		case added > 0 && removed > 0 && (line == "" || strings.HasPrefix(line, " ")):
			added--
			removed--
			at++
		case strings.HasPrefix(line, "+++ "):
			if file, err = newFile(root, strings.TrimSuffix(line[len("+++ "):], "\t")); err != nil {
				return nil, err
			}
		case strings.HasPrefix(line, "Binary files "):
			// An object, or a source that .gitattributes keeps from being diffed:
			// which of its lines are new is not known.
			line = strings.TrimSuffix(line, " differ")
			i := max(strings.LastIndex(line, " and "+newPrefix), strings.LastIndex(line, ` and "`+newPrefix))
			if i < 0 {
				continue // deleted
			}
			whole, err := newFile(root, line[i+len(" and "):])
			if err != nil {
				return nil, err
			}
			c.files[whole] = []lines{{1, math.MaxInt}}
		case strings.HasPrefix(line, "@@ "):
			if at, removed, added, err = hunk(line); err != nil {
				return nil, err
			}
		}
	}
}

// newPrefix stands before the names of files as they are now. No path that git
// prints has two slashes in a row.
const newPrefix = "b//"

// newFile gives the path of a file that git names; "" for none, /dev/null.
func newFile(root, name string) (string, error) {
	if strings.HasPrefix(name, `"`) {
		unquoted, err := strconv.Unquote(name)
		if err != nil {
			return "", fmt.Errorf("git diff: file name %s: %w", name, err)
		}
		name = unquoted
	}
	rest, ok := strings.CutPrefix(name, newPrefix)
	if !ok {
		return "", nil
	}
	return filepath.Join(root, filepath.FromSlash(rest)), nil
}

// add makes a line of a file a new one.
func (c *Changes) add(file string, line int) {
	if file == "" {
		return
	}
	ls := c.files[file]
	if n := len(ls); n > 0 && ls[n-1].to == line-1 {
		ls[n-1].to = line
		return
	}
	c.files[file] = append(ls, lines{line, line})
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
// A file that git does not track, or outside the repository, is new.
func (c *Changes) Touches(abs string, from, to int) bool {
	if !c.known[abs] {
		// git names files by paths without symbolic links.
		if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
			abs = filepath.Join(dir, filepath.Base(abs))
		}
		if !c.known[abs] {
			return true
		}
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
