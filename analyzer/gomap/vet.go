package gomap

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis/unitchecker"
	"golang.org/x/tools/go/gcexportdata"
)

// IsVetInvocation reports whether the program was started by go vet -vettool
// (args without the program's name): it is asked for its version or flags, or
// is given a package's configuration.
func IsVetInvocation(args []string) bool {
	if len(args) == 0 {
		return false
	}
	switch args[0] {
	case "-V=full", "-V", "-flags", "--V=full", "--flags":
		return len(args) == 1
	}
	return strings.HasSuffix(args[len(args)-1], ".cfg") &&
		!slices.ContainsFunc(args[:len(args)-1], func(a string) bool { return !strings.HasPrefix(a, "-") })
}

// VetMain is the main function of a go vet tool. It reads os.Args and does not
// return.
//
// go vet starts the tool once for every package and all their dependencies, the
// standard library included, and x/tools' unitchecker type-checks each before
// it asks the analyzer. A package that can touch no map is answered here from
// its imports alone. Types of such a package, for those that import it, then
// come from the compiler's export data.
func VetMain() {
	if n := len(os.Args) - 1; n > 0 && strings.HasSuffix(os.Args[n], ".cfg") {
		cfg, err := prepare(os.Args[n])
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
			os.Exit(1)
		}
		if cfg == "" {
			os.Exit(0)
		}
		os.Args[n] = cfg
	}
	unitchecker.Main(Analyzer)
}

// vetxNone is what a package without facts leaves for its importers. It is no
// file that unitchecker would read; prepare replaces it.
const vetxNone = "bpflockcheck: no facts\n"

// vetxMagic starts the files of x/tools' unitchecker (v0.52): it is followed by
// the lengths of type data and facts, 4 bytes each, little endian, and both.
const vetxMagic = "vetx"

// prepare answers for a package that needs no analysis and gives "", or gives
// the name of the configuration to go on with.
func prepare(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	var cfg unitchecker.Config
	if err := json.Unmarshal(data, &cfg); err != nil {
		return "", fmt.Errorf("cannot decode %s: %w", name, err)
	}
	if !canSkip(&cfg) {
		return convert(name, data, &cfg)
	}
	if cfg.VetxOutput != "" {
		if err := os.WriteFile(cfg.VetxOutput, []byte(vetxNone), 0o666); err != nil {
			return "", err
		}
	}
	if !cfg.VetxOnly && slices.ContainsFunc(os.Args[1:], func(a string) bool { return a == "-json" || a == "-json=true" }) {
		out := os.Stdout
		if cfg.Stdout != "" {
			if out, err = os.Create(cfg.Stdout); err != nil {
				return "", err
			}
		}
		fmt.Fprintln(out, "{}")
	}
	if cfg.FixArchive != "" {
		// An empty zip archive: nothing was fixed.
		if err := os.WriteFile(cfg.FixArchive, append([]byte("PK\x05\x06"), make([]byte, 18)...), 0o666); err != nil {
			return "", err
		}
	}
	return "", nil
}

// canSkip reports whether a package can neither touch a map nor tell its
// importers about one. It needs the compiler's export data of the imports to be
// there, or importers could not be type-checked afterwards.
func canSkip(cfg *unitchecker.Config) bool {
	for _, path := range cfg.ImportMap {
		if path != "unsafe" && path != "C" && cfg.PackageFile[path] == "" {
			return false
		}
	}
	if insideMapLibrary(cfg.ImportPath) && cfg.VetxOnly {
		return true
	}
	for _, path := range cfg.ImportMap {
		if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
			path = path[i+len("/vendor/"):]
		}
		if isMapLibrary(path) {
			return false
		}
		// The standard library knows nothing of maps.
		if vetx := cfg.PackageVetx[path]; vetx != "" && !cfg.Standard[path] && hasFacts(vetx) {
			return false
		}
	}
	if _, embeds := cfg.ImportMap["embed"]; embeds && !cfg.Standard[cfg.ImportPath] {
		return !slices.ContainsFunc(cfg.GoFiles, embedsSomething)
	}
	return true
}

// embedsSomething reports whether a file has a go:embed line that could name an
// object: one ending in .o, or a folder or pattern.
func embedsSomething(name string) bool {
	text, err := os.ReadFile(name)
	if err != nil {
		return true
	}
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("//go:embed "))
		if !ok {
			continue
		}
		for _, pattern := range splitQuoted(string(rest)) {
			if strings.HasSuffix(pattern, ".o") || len(expandEmbed(filepath.Dir(name), strings.TrimPrefix(pattern, "all:"))) > 0 {
				return true
			}
		}
	}
	return false
}

// hasFacts reports whether a dependency's file holds any facts.
func hasFacts(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return true
	}
	defer f.Close()
	var head [12]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return true
	}
	if string(head[:]) == vetxNone[:len(head)] {
		return false
	}
	return string(head[:4]) != vetxMagic || binary.LittleEndian.Uint32(head[8:]) > 0
}

// convert makes files that unitchecker reads of those that prepare left for
// the direct imports, and gives the name of a configuration naming them. They
// are put beside VetxOutput, in the go command's work folder.
func convert(name string, data []byte, cfg *unitchecker.Config) (string, error) {
	changed := false
	for _, path := range cfg.ImportMap {
		vetx := cfg.PackageVetx[path]
		if path == "unsafe" || vetx == "" || !isNone(vetx) {
			continue
		}
		types, err := typeData(cfg.PackageFile[path], path)
		if err != nil {
			return "", fmt.Errorf("types of %s: %w", path, err)
		}
		out := fmt.Sprintf("%s.%d", name, len(cfg.PackageVetx)) + "." + strings.ReplaceAll(path, "/", "_")
		if err := os.WriteFile(out, vetxFile(types), 0o666); err != nil {
			return "", err
		}
		cfg.PackageVetx[path] = out
		changed = true
	}
	// Packages that are not imported directly are read too.
	for path, vetx := range cfg.PackageVetx {
		if isNone(vetx) {
			delete(cfg.PackageVetx, path)
			changed = true
		}
	}
	if !changed {
		return name, nil
	}
	// The go command's file may have keys that this version of x/tools does not
	// know: only what was changed is replaced.
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return "", err
	}
	vetx, err := json.Marshal(cfg.PackageVetx)
	if err != nil {
		return "", err
	}
	raw["PackageVetx"] = vetx
	data, err = json.Marshal(raw)
	if err != nil {
		return "", err
	}
	out := strings.TrimSuffix(name, ".cfg") + ".types.cfg"
	return out, os.WriteFile(out, data, 0o666)
}

func isNone(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [len(vetxNone)]byte
	_, err = io.ReadFull(f, head[:])
	return err == nil && string(head[:]) == vetxNone
}

// typeData turns the compiler's export data into the indexed form that
// unitchecker keeps.
func typeData(file, path string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gcexportdata.NewReader(f) //nolint:staticcheck // an old go command may still name an archive
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	pkg, err := gcexportdata.Read(r, fset, make(map[string]*types.Package), path)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := gcexportdata.Write(&buf, fset, pkg); err != nil {
		return nil, err
	}
	// Write puts the format's letter first, unitchecker does not.
	return bytes.TrimPrefix(buf.Bytes(), []byte("i")), nil
}

func vetxFile(types []byte) []byte {
	out := []byte(vetxMagic)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(types)))
	out = binary.LittleEndian.AppendUint32(out, 0)
	return append(out, types...)
}
