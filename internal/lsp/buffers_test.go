package lsp_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.lsp.dev/uri"
)

// header holds a finding, and user is a source that includes it.
const (
	header = prelude + "static __always_inline void bump(struct val *v)\n{\n\tv->packets++;\n}\n"
	user   = "#include \"flows.h\"\nSEC(\"xdp\")\nint count(struct xdp_md *ctx)\n{\n\t__u32 key = ctx->rx_queue_index;\n" +
		"\tstruct val *v = bpf_map_lookup_elem(&flows, &key);\n\n\tif (v)\n\t\tbump(v);\n\treturn 0;\n}\n"
)

// Paths that need escapes in URIs, which clients spell in different ways.
func TestURIs(t *testing.T) {
	spellings := map[string]func(path string) string{
		"as Go does":  func(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() },
		"as VS Code":  func(path string) string { return string(uri.File(path)) },
		"all escaped": escapeAll,
		"lower case":  func(path string) string { return lowerEscapes.ReplaceAllStringFunc(escapeAll(path), strings.ToLower) },
	}
	for _, name := range []string{"a b", "100%", "50%25", "ä—日本😀", "c#", "a+b", "semi;colon", "what?"} {
		for spelling, spell := range spellings {
			t.Run(name+" "+spelling, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), name)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				for file, text := range map[string]string{"flows.h": header, "my count.bpf.c": user} {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				c := start(t)
				c.initialize([]string{dir}, nil)
				src := filepath.Join(dir, "my count.bpf.c")
				h := uri.URI(spell(filepath.Join(dir, "flows.h")))
				for path, u := range map[string]uri.URI{filepath.Join(dir, "flows.h"): h, src: uri.URI(spell(src))} {
					text, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					c.notify("textDocument/didOpen", object{"textDocument": object{"uri": u, "languageId": "c", "version": 1, "text": string(text)}})
				}
				// What is published has the client's own spelling.
				for range 3 {
					if ds := c.published(h, 1); len(ds) > 0 {
						if codes(ds) != "BLC101@26" {
							t.Errorf("diagnostics %s", codes(ds))
						}
						break
					}
				}
				c.shutDown()
			})
		}
	}
}

var lowerEscapes = regexp.MustCompile("%[0-9A-F]{2}")

// escapeAll escapes every byte that is no letter, digit or slash.
func escapeAll(path string) string {
	var b strings.Builder
	b.WriteString("file://")
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/', c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Lines that end as on Windows: places are right, and edits keep to it.
func TestCRLF(t *testing.T) {
	text := strings.ReplaceAll(counting, "\n", "\r\n")
	dir := workspace(t, map[string]string{"count.bpf.c": text})
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	ds := b.diagnostics()
	if got, want := codes(ds), "BLC101@32 BLC106@32 BLC101@33"; got != want {
		t.Fatalf("diagnostics %q, want %q", got, want)
	}
	if want := (rng{pos{32, 1}, pos{32, 15}}); ds[2].Range != want {
		t.Errorf("range %v, want %v", ds[2].Range, want)
	}
	b.apply(titled(t, b.actions(ds[2].Range), "Suppress BLC101"))
	if got, want := codes(b.diagnostics()), "BLC101@32 BLC106@32"; got != want {
		t.Errorf("suppressed: %q, want %q", got, want)
	}
	b.replace("\tv->packets = 0;\r\n", "\tv->packets = 0;\r\n\tif (key)\r\n\t\treturn XDP_DROP;\r\n")
	ds = b.diagnostics()
	leak := ds[len(ds)-1]
	if leak.Code != "BLC201" || leak.Range.Start.Line != 50 {
		t.Fatalf("diagnostics %s, want the lock leak", codes(ds))
	}
	// A fix of several lines.
	b.apply(titled(t, b.actions(leak.Range), "Fix: "))
	if got, want := codes(b.diagnostics()), "BLC101@32 BLC106@32"; got != want {
		t.Errorf("fixed: %q, want %q", got, want)
	}
	if strings.Contains(strings.ReplaceAll(b.text, "\r\n", ""), "\n") {
		t.Errorf("line endings are mixed now: %q", b.text)
	}
	c.shutDown()
}

// A header has no analysis of its own: what its lines mean is known from the
// open sources that include it.
func TestHeaderBuffers(t *testing.T) {
	dir := workspace(t, map[string]string{"flows.h": header, "a.bpf.c": user, "b.bpf.c": strings.Replace(user, "int count", "int other", 1)})
	c := start(t)
	c.initialize([]string{dir}, nil)
	h := c.openFile(filepath.Join(dir, "flows.h"))
	if as := h.actions(rng{}); len(as) != 0 {
		t.Errorf("actions in a header that nothing includes: %+v", as)
	}
	c.openFile(filepath.Join(dir, "a.bpf.c")).diagnostics()
	c.openFile(filepath.Join(dir, "b.bpf.c")).diagnostics()
	text := h.hover(h.at("v->packets++"))
	for _, want := range []string{"flows.packets", "**shared**", "program `count`", "program `other`"} {
		if !strings.Contains(text, want) {
			t.Errorf("hover in a header: no %q in:\n%s", want, text)
		}
	}
	at := h.at("v->packets++")
	as := h.actions(rng{at, at})
	if len(as) != 3 {
		t.Errorf("%d actions, want a fix, a suppression, and fix all, each once: %+v", len(as), as)
	}
	h.apply(titled(t, as, "Fix: make it atomic"))
	for {
		if len(h.diagnostics()) == 0 {
			break
		}
	}
	c.shutDown()
}

// Whatever the order of edits and analyses, what is published for a version is
// what is found in that version.
func TestStorm(t *testing.T) {
	dir := workspace(t, nil)
	c := start(t)
	c.initialize([]string{dir}, nil)
	path := filepath.Join(dir, "count.bpf.c")
	b := c.open(path, counting)
	b.diagnostics()
	// The finding moves with each edit, and is there in every second version.
	r := rand.New(rand.NewPCG(1, 2))
	want := map[int]string{}
	for range 150 {
		if strings.Contains(b.text, "v->bytes += 64") {
			b.replace("v->bytes += 64", "v->bytes = 64")
		} else {
			b.replace("v->bytes = 64", "v->bytes += 64")
		}
		b.replace("#include <linux/bpf.h>\n", "#include <linux/bpf.h>\n\n")
		line := strings.Count(b.text[:strings.Index(b.text, "v->packets++")], "\n") + 1
		text := fmt.Sprintf("BLC101@%d BLC106@%d", line, line)
		if strings.Contains(b.text, "v->bytes += 64") {
			text += fmt.Sprintf(" BLC101@%d", line+1)
		}
		want[b.version] = text
		time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
	}
	seen := 0
	check := func(version int, ds []diagnostic) {
		if w, known := want[version]; known {
			seen++
			if got := codes(ds); got != w {
				t.Errorf("version %d: %q, want %q", version, got, w)
			}
		}
	}
	check(b.version, b.diagnostics())
	c.mu.Lock()
	newest := 0
	for _, m := range c.inbox {
		if m.Method != "textDocument/publishDiagnostics" {
			continue
		}
		var p struct {
			Version     int
			Diagnostics []diagnostic
		}
		if err := json.Unmarshal(m.Params, &p); err != nil {
			t.Error(err)
		}
		if p.Version < newest {
			t.Errorf("version %d is published after %d", p.Version, newest)
		}
		newest = max(newest, p.Version)
		check(p.Version, p.Diagnostics)
	}
	c.mu.Unlock()
	t.Logf("%d of %d versions were published", seen, len(want))
	c.shutDown()
}
