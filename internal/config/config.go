// Package config reads .bpflockcheck.yaml. A key that it does not know is an
// error with its place and a suggestion: a misspelt key that is silently
// ignored turns a check off without anyone noticing.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/internal/suggest"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// FileName is the name that is looked for.
const FileName = ".bpflockcheck.yaml"

// Config is the contents of the file. Every key may be left out. The tags desc
// and enum go into the JSON schema.
type Config struct {
	Version     int               `yaml:"version,omitempty" desc:"Version of this file's format." enum:"1"`
	Kernel      string            `yaml:"kernel,omitempty" desc:"Oldest kernel to support, such as 5.15. Default: the newest known."`
	Enable      []string          `yaml:"enable,omitempty" desc:"Rules to enable: identifiers, names, prefixes such as BLC2, or all."`
	Disable     []string          `yaml:"disable,omitempty" desc:"Rules to disable, named in the same way."`
	Severity    map[string]string `yaml:"severity,omitempty" desc:"Severity of rules, by the same names." enum:"error,warning,note"`
	FailOn      string            `yaml:"fail-on,omitempty" desc:"Least severity that makes the exit status 1. Default: warning." enum:"error,warning,note,never"`
	Confidence  string            `yaml:"confidence,omitempty" desc:"Least confidence shown. Default: medium." enum:"high,medium,low"`
	Strict      bool              `yaml:"strict,omitempty" desc:"Anything that could not be analysed makes the exit status 2."`
	IncludeDirs []string          `yaml:"include-dirs,omitempty" desc:"Folders searched for headers, relative to this file."`
	Defines     []string          `yaml:"defines,omitempty" desc:"Macros, NAME or NAME=VALUE."`
	CFlags      []string          `yaml:"cflags,omitempty" desc:"Further flags as for clang."`
	BTF         string            `yaml:"btf,omitempty" desc:"File that kernel types come from when there is no vmlinux.h, relative to this file. Default: /sys/kernel/btf/vmlinux."`
	Exclude     []string          `yaml:"exclude,omitempty" desc:"Files and folders left out of a walk: patterns as in a .gitignore, relative to this file."`
	Baseline    string            `yaml:"baseline,omitempty" desc:"Baseline of known findings, relative to this file."`
	Overrides   []Override        `yaml:"overrides,omitempty" desc:"Settings for some files only; later ones win."`
}

// Override changes the rules for some files.
type Override struct {
	Paths    []string          `yaml:"paths" desc:"Patterns as in a .gitignore, relative to this file."`
	Enable   []string          `yaml:"enable,omitempty" desc:"Rules to enable for these files."`
	Disable  []string          `yaml:"disable,omitempty" desc:"Rules to disable for these files."`
	Severity map[string]string `yaml:"severity,omitempty" desc:"Severity of rules in these files." enum:"error,warning,note"`
}

// Loaded is a config with where it came from.
type Loaded struct {
	Config
	Path string // "" when there is no file
	Dir  string // the folder that its paths are relative to
}

// Rel makes one of the config's paths usable from anywhere.
func (l *Loaded) Rel(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.Dir, path)
}

// nearNames are what people call the file by mistake: it would not be read, and
// nobody would notice.
var nearNames = []string{".bpflockcheck.yml", "bpflockcheck.yaml", "bpflockcheck.yml"}

// Find gives the path of the nearest config at or above dir; "" when there is
// none. A file that is nearly called so is an error.
func Find(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, FileName)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
		for _, near := range nearNames {
			if info, err := os.Stat(filepath.Join(dir, near)); err == nil && info.Mode().IsRegular() {
				return "", &Error{File: filepath.Join(dir, near), Message: "is not read: a config is called " + FileName + "; or give it with --config"}
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// Load reads the config at path, or, when path is empty, the nearest one at or
// above dir, or none. checkRule reports a selector that names no rule.
func Load(path, dir string, checkRule func(string) error) (*Loaded, error) {
	if path == "" {
		found, err := Find(dir)
		if err != nil || found == "" {
			return &Loaded{Dir: dir}, err
		}
		path = found
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	c, err := Parse(path, content, checkRule)
	if err != nil {
		return nil, err
	}
	return &Loaded{Config: *c, Path: path, Dir: filepath.Dir(path)}, nil
}

// Error is a mistake in a config with its place.
type Error struct {
	File      string
	Line, Col int
	Message   string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Message)
}

// maxSize bounds what is parsed: a config is written by hand.
const maxSize = 1 << 20

// Parse reads a config's contents; name is for messages.
func Parse(name string, content []byte, checkRule func(string) error) (*Config, error) {
	if len(content) > maxSize {
		return nil, &Error{File: name, Message: "larger than 1 MiB"}
	}
	// Some editors on Windows start a file with a byte order mark, which YAML
	// allows (5.2, Character Encodings) and the library takes for text.
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, yamlError(name, err)
	}
	c := &Config{}
	if len(file.Docs) > 1 {
		return nil, &Error{File: name, Message: "holds more than one YAML document"}
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return c, nil
	}
	v := &validator{file: name, checkRule: checkRule}
	v.value(file.Docs[0].Body, reflect.TypeFor[Config](), nil)
	if v.err != nil {
		return nil, v.err
	}
	dec := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict())
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, yamlError(name, err)
	}
	return c, nil
}

// yamlError takes the position out of the library's error.
func yamlError(name string, err error) error {
	var ye yaml.Error
	if errors.As(err, &ye) && ye.GetToken() != nil && ye.GetToken().Position != nil {
		pos := ye.GetToken().Position
		return &Error{name, pos.Line, pos.Column, ye.GetMessage()}
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return &Error{File: name, Message: line}
}

// validator walks the syntax tree beside the Go types, because it knows the
// place of every key and value, which the decoder's errors do not always.
type validator struct {
	file      string
	checkRule func(string) error
	err       error
}

func (v *validator) fail(n ast.Node, format string, args ...any) {
	if v.err != nil {
		return
	}
	e := &Error{File: v.file, Message: fmt.Sprintf(format, args...)}
	if t := n.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Col = t.Position.Line, t.Position.Column
	}
	v.err = e
}

// value checks a node against a Go type; field is the struct field that holds
// it, nil at the top.
func (v *validator) value(n ast.Node, t reflect.Type, field *reflect.StructField) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		v.fail(n, "anchors, aliases and tags of YAML are not taken: write the value out")
		return
	}
	if _, null := n.(*ast.NullNode); null {
		// A key whose value is commented out is one that is left out.
		if field == nil || !optional(field) {
			v.fail(n, "want a value")
		}
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		v.mapping(n, func(key string, kn, vn ast.Node) {
			f, ok := fieldByKey(t, key)
			if !ok {
				v.fail(kn, "unknown key %q%s", key, suggest.DidYouMean(key, keys(t)))
				return
			}
			v.value(vn, f.Type, &f)
		})
		if f, ok := fieldByKey(t, "paths"); ok && t.Kind() == reflect.Struct && !v.has(n, "paths") {
			v.fail(n, "override without %q, so it would change nothing: %s", "paths", f.Tag.Get("desc"))
		}
	case reflect.Map:
		v.mapping(n, func(key string, kn, vn ast.Node) {
			v.selector(key, kn)
			v.element(vn, t.Elem(), field)
		})
	case reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			v.fail(n, "want a list: [a, b]")
			return
		}
		for _, item := range seq.Values {
			v.element(item, t.Elem(), field)
		}
	default:
		v.scalar(n, t, field)
	}
}

// element checks what a list or a mapping holds: there, a value has to be.
func (v *validator) element(n ast.Node, t reflect.Type, field *reflect.StructField) {
	if _, null := n.(*ast.NullNode); null {
		v.fail(n, "want a value")
		return
	}
	v.value(n, t, field)
}

func (v *validator) has(n ast.Node, key string) (found bool) {
	v.mapping(n, func(k string, _, _ ast.Node) { found = found || k == key })
	return found
}

// mapping calls f for each entry of a mapping.
func (v *validator) mapping(n ast.Node, f func(key string, kn, vn ast.Node)) {
	var entries []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	default:
		v.fail(n, "want a mapping of keys to values")
		return
	}
	for _, e := range entries {
		f(unquoted(e.Key), e.Key, e.Value)
	}
}

// unquoted gives a scalar's text without the quotes around it.
func unquoted(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	if k, ok := n.(ast.MapKeyNode); ok {
		if t := k.GetToken(); t != nil {
			return t.Value
		}
	}
	if t := n.GetToken(); t != nil {
		return t.Value
	}
	return n.String()
}

func (v *validator) selector(sel string, n ast.Node) {
	if v.checkRule == nil {
		return
	}
	if err := v.checkRule(sel); err != nil {
		v.fail(n, "%s", err)
	}
}

// scalar checks a single value: its type, and what its key says about it.
func (v *validator) scalar(n ast.Node, t reflect.Type, field *reflect.StructField) {
	if _, ok := n.(ast.ScalarNode); !ok {
		v.fail(n, "want a single value")
		return
	}
	text := unquoted(n)
	if _, isBool := n.(*ast.BoolNode); t.Kind() == reflect.Bool && !isBool {
		v.fail(n, "want true or false, not %q", text)
		return
	}
	if _, isInt := n.(*ast.IntegerNode); t.Kind() == reflect.Int && !isInt {
		v.fail(n, "want a number, not %q", text)
		return
	}
	if enum := field.Tag.Get("enum"); enum != "" {
		if choices := strings.Split(enum, ","); !slices.Contains(choices, text) {
			v.fail(n, "unknown value %q%s; want %s", text, suggest.DidYouMean(text, choices), strings.Join(choices, ", "))
		}
		return
	}
	switch yamlKey(field) {
	case "enable", "disable":
		v.selector(text, n)
	case "kernel":
		if f, isFloat := n.(*ast.FloatNode); isFloat {
			// 5.10 without quotes is the number 5.1.
			v.fail(n, "kernel must be quoted: %q (YAML reads it as the number %v)", text, f.Value)
			return
		}
		if _, err := kernel.ParseVersion(text); err != nil {
			v.fail(n, "%s", err)
			return
		}
	}
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
	default:
		if t.Kind() == reflect.String {
			v.fail(n, "want text, which must be quoted here: %q", text)
		}
	}
}

// optional reports whether a key may be left out.
func optional(f *reflect.StructField) bool {
	_, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return options == "omitempty"
}

func yamlKey(f *reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return key
}

func fieldByKey(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); yamlKey(&f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func keys(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		out = append(out, yamlKey(&f))
	}
	return out
}

// Severities parses a severity mapping that Parse accepted.
func Severities(m map[string]string) map[string]diag.Severity {
	out := make(map[string]diag.Severity, len(m))
	for sel, word := range m {
		if s, err := diag.ParseSeverity(word); err == nil {
			out[sel] = s
		}
	}
	return out
}

// Marshal writes a config as YAML.
func Marshal(c *Config) ([]byte, error) { return yaml.MarshalWithOptions(c, yaml.IndentSequence(true)) }
