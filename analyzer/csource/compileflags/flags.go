// Package compileflags finds out how a project compiles a C file: from
// compile_commands.json, compile_flags.txt, or the bpf2go directive that names it.
package compileflags

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Flags is how a file is compiled.
type Flags struct {
	// Args are clang flags; folders in them are absolute.
	Args []string
	// Source is the file that says so.
	Source string
}

// Finder remembers what it has read. Its methods may be called at the same time.
type Finder struct {
	mu  sync.Mutex
	dbs map[string]map[string]Flags // compile_commands.json by path → by C file
	gen map[string][]directive      // by folder of Go files
	txt map[string]*Flags           // by compile_flags.txt
}

// NewFinder makes an empty one.
func NewFinder() *Finder {
	return &Finder{dbs: map[string]map[string]Flags{}, gen: map[string][]directive{}, txt: map[string]*Flags{}}
}

// maxFile bounds the files that are read.
const maxFile = 64 << 20

// Find gives the flags for the C file at an absolute path, looking in its folder
// and the folders above it up to root. ok is false when nothing says how.
func (f *Finder) Find(file, root string) (flags Flags, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dirs := above(filepath.Dir(file), root)
	for _, d := range dirs {
		for _, sub := range []string{"", "build", "out", ".output"} {
			if fl, ok := f.database(filepath.Join(d, sub, "compile_commands.json"))[file]; ok {
				return fl, true
			}
		}
	}
	for i, d := range dirs {
		if fl, ok := pick(f.directives(d), file); ok {
			return fl, true
		}
		below := ""
		if i > 0 {
			below = dirs[i-1]
		}
		for _, sub := range subfolders(d) {
			if sub == below {
				continue
			}
			if fl, ok := pick(f.directives(sub), file); ok {
				return fl, true
			}
		}
	}
	for _, d := range dirs {
		if fl := f.flagsTxt(filepath.Join(d, "compile_flags.txt")); fl != nil {
			return *fl, true
		}
	}
	return Flags{}, false
}

// above lists dir and its parents up to root.
func above(dir, root string) []string {
	dirs := []string{dir}
	for dir != root && dir != filepath.Dir(dir) && strings.HasPrefix(dir, root) {
		dir = filepath.Dir(dir)
		dirs = append(dirs, dir)
	}
	return dirs
}

// maxSubfolders bounds the folders beside the file that are searched for Go files.
const maxSubfolders = 64

func subfolders(dir string) (subs []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "node_modules" && e.Name() != "vendor" {
			if subs = append(subs, filepath.Join(dir, e.Name())); len(subs) == maxSubfolders {
				break
			}
		}
	}
	return subs
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxFile {
		return nil, errors.New("not read")
	}
	return io.ReadAll(f)
}

// database reads a compile_commands.json.
func (f *Finder) database(path string) map[string]Flags {
	if db, ok := f.dbs[path]; ok {
		return db
	}
	var db map[string]Flags
	if data, err := read(path); err == nil {
		var entries []struct {
			Directory, File, Command string
			Arguments                []string
		}
		if json.Unmarshal(data, &entries) == nil {
			db = map[string]Flags{}
			for _, e := range entries {
				dir := e.Directory
				if !filepath.IsAbs(dir) {
					dir = filepath.Join(filepath.Dir(path), dir)
				}
				args := e.Arguments
				if len(args) == 0 {
					args = Split(e.Command)
				}
				file := e.File
				if !filepath.IsAbs(file) {
					file = filepath.Join(dir, file)
				}
				db[filepath.Clean(file)] = Flags{absolute(args, dir), path}
			}
		}
	}
	f.dbs[path] = db
	return db
}

// flagsTxt reads a compile_flags.txt: one flag a line.
func (f *Finder) flagsTxt(path string) *Flags {
	if fl, ok := f.txt[path]; ok {
		return fl
	}
	var fl *Flags
	if data, err := read(path); err == nil {
		var args []string
		for _, line := range strings.Split(string(data), "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				args = append(args, line)
			}
		}
		fl = &Flags{absolute(args, filepath.Dir(path)), path}
	}
	f.txt[path] = fl
	return fl
}

// absolute keeps the flags that [Relevant] gives and makes their folders absolute.
func absolute(args []string, dir string) (out []string) {
	for k, v := range Relevant(args) {
		switch k {
		case "-mcpu":
			out = append(out, k+"="+v)
			continue
		case "-D", "-U":
		default:
			if p := filepath.Join(dir, v); !filepath.IsAbs(v) && (k != "-include" || exists(p)) {
				v = p
			}
		}
		out = append(out, k, v)
	}
	return out
}

// Relevant gives the flags of clang that matter for preprocessing, and -mcpu, each
// with its argument, which may be attached or stand apart.
func Relevant(args []string) iter.Seq2[string, string] {
	return func(yield func(flag, value string) bool) {
		for i := 0; i < len(args); i++ {
			if v, ok := strings.CutPrefix(args[i], "-mcpu="); ok {
				if !yield("-mcpu", v) {
					return
				}
				continue
			}
			for _, k := range []string{"-isystem", "-iquote", "-idirafter", "-include", "-I", "-D", "-U"} {
				v, ok := strings.CutPrefix(args[i], k)
				if !ok {
					continue
				}
				if v == "" {
					if i++; i >= len(args) {
						return
					}
					v = args[i]
				}
				if !yield(k, v) {
					return
				}
				break
			}
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Split divides a command line as a shell does, without expansions.
func Split(s string) (words []string) {
	var b strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			} else if c == '\\' && quote == '"' && i+1 < len(s) {
				i++
				b.WriteByte(s[i])
			} else {
				b.WriteByte(c)
			}
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
			in = true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if in {
				words = append(words, b.String())
				b.Reset()
				in = false
			}
		default:
			b.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, b.String())
	}
	return words
}
