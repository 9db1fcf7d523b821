package gomap

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/tools/go/packages"
)

// replace makes a loader see texts, by absolute path, instead of what the disk
// has. The caller calls done when everything is loaded.
//
// packages.Config has an Overlay for this, but with one in place it trusts no
// export data and type-checks every dependency from source, the standard library
// included. The go command is told instead, which compiles what a text changes,
// and the texts are put in where files are parsed. That works for files that are
// on the disk; with others it takes the long way.
func replace(load *packages.Config, texts map[string][]byte) (done func(), err error) {
	done = func() {}
	changed := make(map[string][]byte)
	for path, text := range texts {
		disk, err := os.ReadFile(path)
		if err != nil {
			load.Overlay = texts
			return done, nil
		}
		if !bytes.Equal(disk, text) {
			changed[path] = text
		}
	}
	if len(changed) == 0 {
		return done, nil
	}
	dir, err := os.MkdirTemp("", "bpflockcheck-overlay-")
	if err != nil {
		return done, err
	}
	done = func() { _ = os.RemoveAll(dir) }         // in the temporary folder: the system cleans up
	var overlay struct{ Replace map[string]string } // as go help build has it
	overlay.Replace = make(map[string]string)
	for path, text := range changed {
		name := filepath.Join(dir, strconv.Itoa(len(overlay.Replace))+"-"+filepath.Base(path))
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return done, err
		}
		overlay.Replace[path] = name
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return done, err
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, list, 0o600); err != nil {
		return done, err
	}
	load.BuildFlags = append(load.BuildFlags[:len(load.BuildFlags):len(load.BuildFlags)], "-overlay="+name)
	load.ParseFile = func(fset *token.FileSet, filename string, src []byte) (*ast.File, error) {
		if text, ok := changed[filepath.Clean(filename)]; ok {
			src = text
		}
		return parser.ParseFile(fset, filename, src, parser.AllErrors|parser.ParseComments)
	}
	return done, nil
}
