package compileflags

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// directive is a //go:generate line that runs bpf2go.
type directive struct {
	file  string // the C file, absolute
	flags Flags
}

func pick(ds []directive, file string) (Flags, bool) {
	for _, d := range ds {
		if d.file == file {
			return d.flags, true
		}
	}
	return Flags{}, false
}

// maxGoFiles bounds the Go files read in one folder.
const maxGoFiles = 500

// directives reads the bpf2go lines of the Go files in a folder.
func (f *Finder) directives(dir string) []directive {
	if ds, ok := f.gen[dir]; ok {
		return ds
	}
	var ds []directive
	entries, _ := os.ReadDir(dir)
	n := 0
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || isGenerated(name) {
			continue
		}
		if n++; n > maxGoFiles {
			break
		}
		p := filepath.Join(dir, name)
		data, err := read(p)
		if err != nil {
			continue
		}
		text := string(data)
		for {
			i := strings.Index(text, "//go:generate ")
			if i < 0 {
				break
			}
			start := i == 0 || text[i-1] == '\n'
			text = text[i+len("//go:generate "):]
			line, _, _ := strings.Cut(text, "\n")
			if start && strings.Contains(line, "bpf2go") {
				if d, ok := parseBpf2go(Split(line), dir); ok {
					d.flags.Source = p
					ds = append(ds, d)
				}
			}
		}
	}
	f.gen[dir] = ds
	return ds
}

// isGenerated tells whether a Go file is what bpf2go writes.
func isGenerated(name string) bool {
	for _, s := range []string{"_bpfel.go", "_bpfeb.go", "_x86_bpfel.go", "_arm64_bpfel.go"} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// parseBpf2go reads the words of a directive in a Go file of folder dir:
//
//	go run github.com/cilium/ebpf/cmd/bpf2go -cflags "..." Ident file.c -- more flags
func parseBpf2go(words []string, dir string) (d directive, ok bool) {
	i := 0
	for i < len(words) && path.Base(strings.SplitN(words[i], "@", 2)[0]) != "bpf2go" {
		i++
	}
	if i == len(words) {
		return d, false
	}
	var args, rest []string
	words = words[i+1:]
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w == "--" {
			args = append(args, words[i+1:]...)
			break
		}
		if !strings.HasPrefix(w, "-") {
			rest = append(rest, w)
			continue
		}
		name, value, has := strings.Cut(strings.TrimLeft(w, "-"), "=")
		switch name {
		case "no-strip", "no-global-types", "makebase-dummy", "v": // without a value
			continue
		}
		if !has && i+1 < len(words) {
			i++
			value = words[i]
		}
		switch name {
		case "cflags":
			args = append(args, Split(os.Expand(value, os.Getenv))...)
		case "target":
			if a := targetArch(value); a != "" {
				args = append(args, "-D__TARGET_ARCH_"+a)
			}
		}
	}
	if len(rest) < 2 {
		return d, false
	}
	for i, a := range args {
		args[i] = os.Expand(a, os.Getenv)
	}
	d.file = rest[1]
	if !filepath.IsAbs(d.file) {
		d.file = filepath.Join(dir, d.file)
	}
	d.flags.Args = absolute(args, dir)
	return d, true
}

// targetArch gives libbpf's name of the first of bpf2go's targets that is a machine.
func targetArch(targets string) string {
	for _, t := range strings.Split(targets, ",") {
		switch strings.TrimSpace(t) {
		case "amd64", "386":
			return "x86"
		case "arm64":
			return "arm64"
		case "arm":
			return "arm"
		case "riscv64":
			return "riscv"
		case "ppc64", "ppc64le":
			return "powerpc"
		case "s390x":
			return "s390"
		case "loong64":
			return "loongarch"
		}
	}
	return ""
}
