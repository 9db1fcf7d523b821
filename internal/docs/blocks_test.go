package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryBlockIsTested: a block in a language that no test knows is text that
// nobody checks. Rule pages are tested beside this.
func TestEveryBlockIsTested(t *testing.T) {
	opening := regexp.MustCompile("(?m)^ *```(\\S*)$")
	for name, doc := range documents(t) {
		inside := false
		for _, m := range opening.FindAllStringSubmatch(doc, -1) {
			if inside = !inside; !inside {
				continue
			}
			switch m[1] {
			case "console": // TestCommands
			case "yaml": // TestConfigExamples, and the tests of pre-commit and the action in cmd/bpflockcheck
			case "c": // TestSnippets
			case "lua", "json": // the editors' settings, in internal/lsp and editors
				if name != "docs/editors.md" {
					t.Errorf("%s has a block in %s", name, m[1])
				}
			case "sh": // the git hook, in cmd/bpflockcheck
				if name != "docs/ci.md" {
					t.Errorf("%s has a block in sh: make it a console block, which is run", name)
				}
			default:
				t.Errorf("%s has a block in %q, which no test reads", name, m[1])
			}
		}
	}
}

// TestSnippets: the README's suppression comment and macros do what it says.
func TestSnippets(t *testing.T) {
	snippets := blocks(documents(t)["README.md"], "c")
	if len(snippets) != 2 {
		t.Fatalf("the README has %d C blocks; those that are tested are a comment and the macros", len(snippets))
	}
	program := func(macros, field, change string) string {
		return `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
` + macros + `
struct stats { struct bpf_spin_lock lock; __u64 hits ` + field + `; };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stats);
} m SEC(".maps");

SEC("tc") int count(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct stats *stats = bpf_map_lookup_elem(&m, &zero);

	if (!stats)
		return 0;
	` + change + `
	return 0;
}
`
	}
	comment, macros := snippets[0], snippets[1]
	for _, c := range []struct{ name, text, want string }{
		{"plain", program("", "", "stats->hits++;"), "BLC101"},
		{"comment", program("", "", comment), ""},
		{"data_racy", program(macros, "__data_racy", "stats->hits++;"), ""},
		{"single_writer", program(macros, "__single_writer", "stats->hits++;"), ""},
		{"guarded_by", program(macros, "__guarded_by(lock)", "stats->hits = 0;"), "BLC106"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range judge(t, folder(t, "", "c", c.text), "") {
				got = append(got, f.Rule)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("findings %v, want %q", got, c.want)
			}
		})
	}
}

// TestDevelopersCommands: the packages, scripts and targets that documents name
// in their text are there.
func TestDevelopersCommands(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for name, doc := range documents(t) {
		for _, m := range codeSpan.FindAllStringSubmatch(doc, -1) {
			words := strings.Fields(m[1])
			switch {
			case len(words) > 1 && words[0] == "make":
				checked++
				if !strings.Contains(string(makefile), "\n"+words[1]+":") {
					t.Errorf("%s: %s: no such target", name, m[1])
				}
			case len(words) > 2 && words[0] == "go" && (words[1] == "test" || words[1] == "generate" || words[1] == "run"):
				for _, w := range words[2:] {
					if strings.HasPrefix(w, "./") && w != "./..." {
						checked++
						exists(t, name, m[1], w)
					}
				}
			case len(words) > 0 && (strings.HasPrefix(words[0], "scripts/") || strings.HasPrefix(words[0], ".ci/")):
				checked++
				exists(t, name, m[1], words[0])
			}
		}
	}
	if checked < 8 {
		t.Errorf("only %d commands found", checked)
	}
}

func exists(t *testing.T, doc, command, path string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(path))); err != nil {
		t.Errorf("%s: %s: %v", doc, command, err)
	}
}
