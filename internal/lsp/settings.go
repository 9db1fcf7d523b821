package lsp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/bpflockcheck/bpflockcheck/internal/suggest"
)

// serverName is this server's name: of its diagnostics, and of the section that
// its settings are in.
const serverName = "bpflockcheck"

// settings are the client's. They mean the same as the flags of check, and
// come after what the nearest config file says.
type settings struct {
	Kernel      string            `json:"kernel"`
	Enable      []string          `json:"enable"`
	Disable     []string          `json:"disable"`
	Severity    map[string]string `json:"severity"`
	Confidence  string            `json:"confidence"`
	Notes       bool              `json:"notes"` // show findings of severity note
	IncludeDirs []string          `json:"includeDirs"`
	Defines     []string          `json:"defines"`
	CFlags      []string          `json:"cflags"`
	BTF         string            `json:"btf"`
	Config      string            `json:"config"` // file, instead of the nearest one
}

var settingNames = []string{"kernel", "enable", "disable", "severity", "confidence", "notes", "includeDirs", "defines", "cflags", "btf", "config"}

// decodeSettings reads what a client sent as settings: the object itself, or
// one that holds it under the server's name. given is false for null, nothing,
// and settings that are all about other servers.
func decodeSettings(raw protocol.LSPAny) (s settings, given bool, err error) {
	var keys map[string]json.RawMessage
	if len(raw) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return s, false, nil
	}
	if err := json.Unmarshal(raw, &keys); err != nil {
		if bytes.Equal(bytes.TrimSpace(raw), []byte("[]")) {
			return s, false, nil // an empty Lua table
		}
		return s, false, errors.New("settings are not an object")
	}
	if inner, ok := keys[serverName]; ok {
		return decodeSettings(protocol.LSPAny(inner))
	}
	if len(keys) == 0 {
		return s, true, nil
	}
	known := slices.ContainsFunc(slices.Collect(maps.Keys(keys)), func(k string) bool { return slices.Contains(settingNames, k) })
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if slices.Contains(settingNames, k) {
			continue
		}
		if hint := suggest.DidYouMean(k, settingNames); known || hint != "" {
			return s, false, fmt.Errorf("unknown setting %q%s", k, hint)
		}
	}
	if !known {
		return s, false, nil
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) {
			return s, false, fmt.Errorf("setting %q: want %s, not %s", te.Field, typeName(te.Type.String()), te.Value)
		}
		return s, false, err
	}
	return s, true, nil
}

func isEmptyObject(raw protocol.LSPAny) bool {
	var keys map[string]json.RawMessage
	return json.Unmarshal(raw, &keys) == nil && keys != nil && len(keys) == 0
}

func typeName(t string) string {
	switch t {
	case "[]string":
		return "a list of strings"
	case "map[string]string":
		return "an object of strings"
	case "bool":
		return "true or false"
	}
	return "a " + t
}

// flags gives the settings as the flags of check. config is the config file to
// read, "" for none.
func (s *settings) flags(config string) []string {
	var out []string
	add := func(flag, v string) {
		if v != "" {
			out = append(out, flag+"="+v)
		}
	}
	all := func(flag string, vs []string) {
		for _, v := range vs {
			add(flag, v)
		}
	}
	if config == "" {
		out = append(out, "--no-config")
	}
	add("--config", config)
	add("--kernel", s.Kernel)
	all("--enable", s.Enable)
	all("--disable", s.Disable)
	for _, rule := range slices.Sorted(maps.Keys(s.Severity)) {
		add("--severity", rule+"="+s.Severity[rule])
	}
	add("--confidence", s.Confidence)
	if s.Notes {
		out = append(out, "--fail-on=note")
	}
	all("--include-dir", s.IncludeDirs)
	all("--define", s.Defines)
	add("--btf", s.BTF)
	if len(s.CFlags) > 0 {
		out = append(append(out, "--"), s.CFlags...)
	}
	return out
}
