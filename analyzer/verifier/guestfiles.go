package verifier

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// libraryFolders is where the loaders of the common C libraries look without
// being told.
var libraryFolders = []string{
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib",
}

// guestFiles gives the paths of the files that an executable needs beside
// itself to be the virtual machine's /init: none for a static one, the loader
// and the libraries for a dynamic one, as "go install" makes it where there is
// a C compiler. They have the same paths in the machine.
func guestFiles(path string) ([]string, error) {
	var files []string
	seen := map[string]bool{}
	var add func(path string) error
	add = func(path string) error {
		f, err := elf.Open(path)
		if err != nil {
			return fmt.Errorf("%s cannot be the virtual machine's /init: no Linux executable (%w)", path, err)
		}
		defer f.Close()
		if f.Machine != elf.EM_X86_64 {
			return fmt.Errorf("%s cannot be the virtual machine's /init: built for %s, the machine is an x86-64 one", path, f.Machine)
		}
		for _, p := range f.Progs {
			if p.Type != elf.PT_INTERP {
				continue
			}
			name, err := io.ReadAll(io.LimitReader(p.Open(), 4096))
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if loader := strings.TrimRight(string(name), "\x00"); !seen[loader] {
				seen[loader] = true
				files = append(files, loader)
			}
		}
		libraries, err := f.ImportedLibraries()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, name := range libraries {
			if seen[name] {
				continue
			}
			seen[name] = true
			found := findLibrary(name)
			if found == "" {
				return fmt.Errorf("%s cannot be the virtual machine's /init: its library %s is not in %s; build it with CGO_ENABLED=0",
					path, name, strings.Join(libraryFolders, ", "))
			}
			if !seen[found] {
				seen[found] = true
				files = append(files, found)
			}
			if err := add(found); err != nil {
				return err
			}
		}
		return nil
	}
	if err := add(path); err != nil {
		return nil, err
	}
	return files, nil
}

func findLibrary(name string) string {
	for _, dir := range libraryFolders {
		path := filepath.Join(dir, name)
		if s, err := os.Stat(path); err == nil && s.Mode().IsRegular() {
			return path
		}
	}
	return ""
}
