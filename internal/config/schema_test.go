package config

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchemaAgrees holds the published schema to what the decoder takes, by a
// validator that was not written here: an editor must not underline what the
// tool takes, nor the tool refuse what the editor let pass. Only what a rule is
// called, and whether a kernel is known, the schema does not say.
func TestSchemaAgrees(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	agree := func(in string, want bool) {
		t.Helper()
		_, err := Parse("c.yaml", []byte(in), nil)
		if (err == nil) != want {
			t.Errorf("the decoder on %q: %v, want it taken: %v", in, err, want)
		}
		var v any
		if err := yaml.Unmarshal([]byte(in), &v); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if err := schema.Validate(plain(v)); (err == nil) != want {
			t.Errorf("the schema on %q: %v, want it taken: %v", in, err, want)
		}
	}

	// Of each kind of key, values that fit it and values that do not.
	type samples struct{ good, bad []string }
	words := samples{[]string{"[]", "[a]", "[a, b]"}, []string{"a", "1", "true", "{a: b}", "[[a]]", "[{a: b}]", "[1]", "[true]", "[null]"}}
	file := samples{[]string{"a", `"1"`}, []string{"[a]", "{a: b}", "1", "true", "1.5"}}
	severities := samples{[]string{"{}", "{BLC101: error}", "{BLC1: warning, BLC2: note}"}, []string{"error", "[error]", "{BLC101: never}", "{BLC101: 1}", "{BLC101: [error]}", "{BLC101: null}"}}
	keys := map[string]samples{
		"version":      {[]string{"1"}, []string{"2", "0", `"1"`, "1.5", "[1]", "true"}},
		"kernel":       {[]string{`"5.15"`, `"6.1.55"`, "v6.12"}, []string{"5.15", "6", "five", `"5"`, "[5.15]", "true"}},
		"enable":       words,
		"disable":      words,
		"severity":     severities,
		"fail-on":      {[]string{"error", "warning", "note", "never"}, []string{"none", "1", "true", "[error]", "ERROR"}},
		"confidence":   {[]string{"high", "medium", "low"}, []string{"sure", "[low]", "3"}},
		"strict":       {[]string{"true", "false"}, []string{`"true"`, "1", "sometimes", "[true]"}},
		"include-dirs": words,
		"defines":      words,
		"cflags":       words,
		"btf":          file,
		"exclude":      words,
		"baseline":     file,
		"overrides": {
			[]string{"[]", "[{paths: [a]}]", "[{paths: [a], enable: [b], disable: [c], severity: {BLC1: note}}]"},
			[]string{"{paths: [a]}", "[a]", "[{}]", "[{disable: [a]}]", "[{paths: a}]", "[{paths: [a], kernel: x}]", "[{paths: [a], severity: {a: b}}]", "[null]", "[{paths: null}]"},
		},
	}
	typ := reflect.TypeFor[Config]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		key := yamlKey(&f)
		s, ok := keys[key]
		if !ok {
			t.Errorf("no samples of the key %q", key)
		}
		agree(key+":\n", true) // all that is below it is commented out
		for _, v := range s.good {
			agree(key+": "+v+"\n", true)
		}
		for _, v := range s.bad {
			agree(key+": "+v+"\n", false)
		}
		delete(keys, key)
	}
	for key := range keys {
		t.Errorf("samples of %q, which is no key", key)
	}
	agree("Kernel: x\n", false)
	agree("[a]\n", false)
	agree("{}\n", true)
}

// plain gives a YAML value the types that JSON has.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, plain(e))
		}
		return out
	case uint64:
		return float64(v)
	case int64:
		return float64(v)
	}
	return v
}
