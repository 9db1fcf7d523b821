package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// SchemaID is where the schema is published.
const SchemaID = "https://raw.githubusercontent.com/bpflockcheck/bpflockcheck/main/docs/config.schema.json"

// Schema gives the JSON schema (draft 7, which editors' YAML servers know) of
// the file, made from the Config type.
func Schema() ([]byte, error) {
	s := schemaOf(reflect.TypeFor[Config](), nil)
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	s["$id"] = SchemaID
	s["title"] = FileName
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(s)
	return buf.Bytes(), err
}

func schemaOf(t reflect.Type, field *reflect.StructField) map[string]any {
	s := map[string]any{}
	switch t.Kind() {
	case reflect.Struct:
		props := map[string]any{}
		var required []string
		for i := range t.NumField() {
			f := t.Field(i)
			p := schemaOf(f.Type, &f)
			p["description"] = f.Tag.Get("desc")
			props[yamlKey(&f)] = p
			if optional(&f) {
				orNothing(p)
			} else {
				required = append(required, yamlKey(&f))
			}
		}
		s["type"] = "object"
		s["properties"] = props
		s["additionalProperties"] = false
		if required != nil {
			s["required"] = required
		}
	case reflect.Slice:
		s["type"] = "array"
		s["items"] = schemaOf(t.Elem(), nil)
	case reflect.Map:
		s["type"] = "object"
		s["additionalProperties"] = schemaOf(t.Elem(), field)
	case reflect.Bool:
		s["type"] = "boolean"
	case reflect.Int:
		s["type"] = "integer"
	default:
		s["type"] = "string"
	}
	if field == nil || t.Kind() == reflect.Map {
		return s
	}
	if enum := field.Tag.Get("enum"); enum != "" {
		var words []any
		for _, w := range strings.Split(enum, ",") {
			if n, err := strconv.Atoi(w); err == nil && t.Kind() == reflect.Int {
				words = append(words, n)
			} else {
				words = append(words, w)
			}
		}
		s["enum"] = words
	}
	if yamlKey(field) == "kernel" {
		s["pattern"] = `^v?[0-9]+\.[0-9]+`
	}
	return s
}

// orNothing lets a key stand without a value, when all of it is commented out.
func orNothing(s map[string]any) {
	s["type"] = []any{s["type"], "null"}
	if words, ok := s["enum"].([]any); ok {
		s["enum"] = append(words, nil)
	}
}

// Initial is what `config init` writes.
const Initial = `# yaml-language-server: $schema=` + SchemaID + `
# Settings of bpflockcheck; see: bpflockcheck config show
version: 1

# Oldest kernel that the programs must run on (quoted, or 5.10 reads as 5.1).
# kernel: "5.15"

# Rules by identifier, name or prefix; see: bpflockcheck rules
# enable: [BLC105]
# disable: [BLC103]
# severity:
#   BLC401: note

# fail-on: warning
# confidence: medium

# Headers and macros, when they are not found by themselves.
# include-dirs: [include]
# defines: [NDEBUG]

# Left out of a walk, as in a .gitignore.
# exclude: [third_party/]

# overrides:
#   - paths: ["tests/**"]
#     disable: [BLC1]
`
