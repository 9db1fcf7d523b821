package lsp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.lsp.dev/uri"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// A whole session: findings, a fix, and the finding is gone.
func TestFixInSession(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	c := start(t)
	caps := c.initialize([]string{dir}, nil)
	if caps["positionEncoding"] != "utf-16" || caps["diagnosticProvider"] != nil {
		t.Errorf("capabilities for a client that offers neither UTF-8 nor pulls: %v", caps)
	}
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	ds := b.diagnostics()
	if got, want := codes(ds), "BLC101@32 BLC106@32 BLC101@33"; got != want {
		t.Fatalf("diagnostics %q, want %q", got, want)
	}
	d := ds[0]
	if want := (rng{b.at("v->packets++"), b.at("++;\n\tv->bytes")}); d.Range.Start != want.Start || d.Range.End.Character != want.End.Character+2 {
		t.Errorf("range %v, want that of v->packets++", d.Range)
	}
	if d.Severity != 2 || d.Source != "bpflockcheck" || !strings.Contains(d.Message, "flows.packets") {
		t.Errorf("diagnostic %+v", d)
	}
	if !strings.HasSuffix(d.CodeDescription.Href, "/docs/rules/BLC101.md") {
		t.Errorf("no link to the rule's page: %q", d.CodeDescription.Href)
	}
	if rel := ds[1].RelatedInformation; len(rel) != 1 || rel[0].Location.URI != b.uri || rel[0].Location.Range.Start != b.at("v->packets = 0") {
		t.Errorf("related information %+v, want the guarded write", rel)
	}

	// The other lost update has no fix: locked stores there plainly.
	fix := titled(t, b.actions(ds[2].Range), "Fix: make it atomic")
	if !fix.IsPreferred || fix.Kind != "quickfix" || codes(fix.Diagnostics) != "BLC101@33" {
		t.Errorf("fix %+v", fix)
	}
	b.apply(fix)
	if !strings.Contains(b.text, "\t__sync_fetch_and_add(&v->bytes, 64);\n") {
		t.Fatalf("after the fix:\n%s", b.text)
	}
	if got, want := codes(b.diagnostics()), "BLC101@32 BLC106@32"; got != want {
		t.Errorf("after the fix: %q, want %q", got, want)
	}
	c.notify("textDocument/didClose", object{"textDocument": b.id()})
	if ds := c.published(b.uri, 0); len(ds) != 0 {
		t.Errorf("diagnostics of a closed buffer: %v", codes(ds))
	}
	c.shutDown()
}

func TestFixAll(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": strings.Replace(counting, "\tv->packets = 0;\n", "", 1)})
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	b.diagnostics()
	// What an editor asks for that fixes on save.
	as := b.actions(rng{}, "source.fixAll")
	if len(as) != 1 || as[0].Kind != "source.fixAll.bpflockcheck" {
		t.Fatalf("actions %+v, want fix all alone", as)
	}
	b.apply(as[0])
	for _, want := range []string{"__sync_fetch_and_add(&v->packets, 1);", "__sync_fetch_and_add(&v->bytes, 64);"} {
		if !strings.Contains(b.text, want) {
			t.Errorf("no %s in:\n%s", want, b.text)
		}
	}
	if got := codes(b.diagnostics()); strings.Contains(got, "BLC101") {
		t.Errorf("after all fixes: %s", got)
	}
	if as := b.actions(rng{}, "refactor"); len(as) != 0 {
		t.Errorf("asked for refactorings, got %+v", as)
	}
	c.shutDown()
}

func TestSuppress(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	ds := b.diagnostics()
	b.apply(titled(t, b.actions(ds[2].Range), "Suppress BLC101"))
	if want := "\t// bpflockcheck:ignore BLC101 TODO: say why this is safe\n\tv->bytes += 64;\n"; !strings.Contains(b.text, want) {
		t.Fatalf("after the suppression:\n%s", b.text)
	}
	if got, want := codes(b.diagnostics()), "BLC101@32 BLC106@32"; got != want {
		t.Errorf("diagnostics %q, want %q", got, want)
	}
	// The rule's name in the comment explains itself.
	if h := b.hover(b.at("BLC101 TODO")); !strings.Contains(h, "lost-update") || !strings.Contains(h, "/docs/rules/BLC101.md") {
		t.Errorf("hover on the rule: %q", h)
	}
	// A suppression that silences nothing is greyed out, and can be removed.
	b.replace("\tv->bytes += 64;\n", "")
	ds = b.diagnostics()
	if got, want := codes(ds), "BLC101@32 BLC106@32 BLC002@33"; got != want {
		t.Fatalf("diagnostics %q, want %q", got, want)
	}
	if tags := ds[2].Tags; len(tags) != 1 || tags[0] != 1 {
		t.Errorf("tags %v, want unnecessary", tags)
	}
	b.apply(titled(t, b.actions(ds[2].Range), "Fix: remove the unused suppression"))
	if strings.Contains(b.text, "bpflockcheck:ignore") {
		t.Errorf("not removed:\n%s", b.text)
	}
	c.shutDown()
}

// With snippets the cursor goes to the reason.
func TestSuppressSnippet(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	c := start(t)
	c.initialize([]string{dir}, func(caps, _ object) {
		caps["workspace"].(object)["workspaceEdit"].(object)["snippetEditSupport"] = true
	})
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	ds := b.diagnostics()
	a := titled(t, b.actions(ds[0].Range), "Suppress BLC101")
	e := a.Edit.DocumentChanges[0].Edits[0]
	if e.Snippet == nil || e.Snippet.Value != "\t// bpflockcheck:ignore BLC101 ${1:TODO: say why this is safe}\n" {
		t.Errorf("edit %+v", e)
	}
	c.shutDown()
}

func TestHover(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	b.diagnostics()
	for _, tt := range []struct {
		at   string
		want []string
	}{
		{"bpf_spin_lock(&v", []string{"takes **lock flows.lock**", "held before: nothing", "held after: `lock flows.lock` (since line 47)", "program `locked` (`xdp`)"}},
		{"bpf_spin_unlock", []string{"gives back **lock flows.lock**", "held before: `lock flows.lock` (since line 47)", "held after: nothing"}},
		{"v->packets = 0", []string{"**flows.packets** written, of a hash map", "**shared**", "`lock flows.lock` (since line 47)"}},
		{"v->bytes += 64", []string{"**flows.bytes**", "**shared** (confidence: medium): packets of one queue number arrive on several CPUs", "held here: nothing"}},
		{"*hit += 1", []string{"not shared: of a per-CPU map"}},
		{"bpf_map_lookup_elem(&flows", []string{"`bpf_map_lookup_elem`", "held here: nothing"}},
	} {
		got := b.hover(b.at(tt.at))
		for _, w := range tt.want {
			if !strings.Contains(got, w) {
				t.Errorf("hover on %q: no %q in:\n%s", tt.at, w, got)
			}
		}
	}
	if got := b.hover(b.at("XDP_PASS")); got != "" {
		t.Errorf("hover on a constant: %q", got)
	}
	c.shutDown()
}

// Characters before the finding count differently in each encoding.
func TestPositionEncodings(t *testing.T) {
	// ä is two bytes and one UTF-16 unit, 😀 four bytes and two units.
	text := strings.Replace(counting, "\tv->packets++;", "\t/* ä😀 */ v->packets++;", 1)
	dir := workspace(t, map[string]string{"count.bpf.c": text})
	for _, tt := range []struct {
		offer      []string
		want       string
		start, end int
	}{
		{nil, "utf-16", 11, 23},
		{[]string{"utf-16"}, "utf-16", 11, 23},
		{[]string{"utf-32"}, "utf-16", 11, 23},
		{[]string{"utf-16", "utf-8"}, "utf-8", 14, 26},
	} {
		c := start(t)
		caps := c.initialize([]string{dir}, func(caps, _ object) {
			if tt.offer != nil {
				caps["general"].(object)["positionEncodings"] = tt.offer
			}
		})
		if caps["positionEncoding"] != tt.want {
			t.Errorf("offered %v: %v, want %s", tt.offer, caps["positionEncoding"], tt.want)
		}
		b := c.openFile(filepath.Join(dir, "count.bpf.c"))
		d := b.diagnostics()[0]
		if want := (rng{pos{31, tt.start}, pos{31, tt.end}}); d.Range != want {
			t.Errorf("%s: range %v, want %v", tt.want, d.Range, want)
		}
		// And the way back: a change behind them.
		b.version++
		b.text = strings.Replace(b.text, "v->packets++", "w->packets++", 1)
		c.notify("textDocument/didChange", object{
			"textDocument":   object{"uri": b.uri, "version": b.version},
			"contentChanges": []object{{"range": rng{pos{31, tt.start}, pos{31, tt.start + 1}}, "text": "v"}},
		})
		if got, want := codes(b.diagnostics()), "BLC101@32 BLC106@32 BLC101@33"; got != want {
			t.Errorf("%s: after an edit that changes nothing: %q, want %q", tt.want, got, want)
		}
		c.shutDown()
	}
}

// A buffer that is not saved counts, and so does a header's.
func TestUnsavedBuffers(t *testing.T) {
	text := strings.Replace(counting, prelude, "#include \"flows.h\"\n", 1)
	perCPU := strings.Replace(prelude, "BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_PERCPU_HASH", 1)
	perCPU = strings.Replace(perCPU, "\tstruct bpf_spin_lock lock;\n", "", 1)
	dir := workspace(t, map[string]string{"flows.h": prelude})
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.open(filepath.Join(dir, "new.bpf.c"), strings.Replace(text, "\tbpf_spin_lock(&v->lock);\n\tv->packets = 0;\n\tbpf_spin_unlock(&v->lock);\n", "", 1))
	if got := codes(b.diagnostics()); got != "BLC101@10 BLC101@11" {
		t.Fatalf("diagnostics %q of a file that is not on disk", got)
	}
	h := c.open(filepath.Join(dir, "flows.h"), prelude)
	h.replace(prelude, perCPU)
	b.settle("")
	// The header's buffer is gone, and what is on disk counts again.
	c.notify("textDocument/didClose", object{"textDocument": h.id()})
	b.settle("BLC101@10 BLC101@11")
	c.shutDown()
}

// A finding in a header is shown there, and goes with the last buffer that
// includes it.
func TestHeaderFindings(t *testing.T) {
	header := prelude + "static __always_inline void bump(struct val *v)\n{\n\tv->packets++;\n}\n"
	src := func(name string) string {
		return "#include \"flows.h\"\nSEC(\"xdp\")\nint " + name + "(struct xdp_md *ctx)\n{\n\t__u32 key = ctx->rx_queue_index;\n" +
			"\tstruct val *v = bpf_map_lookup_elem(&flows, &key);\n\n\tif (v)\n\t\tbump(v);\n\treturn 0;\n}\n"
	}
	dir := workspace(t, map[string]string{"flows.h": header, "a.bpf.c": src("a"), "b.bpf.c": src("b")})
	h := uri.File(filepath.Join(dir, "flows.h"))
	c := start(t)
	c.initialize([]string{dir}, nil)
	a := c.openFile(filepath.Join(dir, "a.bpf.c"))
	if ds := c.published(h, 0); codes(ds) != "BLC101@26" {
		t.Fatalf("header: %q", codes(ds))
	}
	b := c.openFile(filepath.Join(dir, "b.bpf.c"))
	b.diagnostics()
	c.published(h, 0)
	c.notify("textDocument/didClose", object{"textDocument": a.id()})
	if ds := c.published(h, 0); codes(ds) != "BLC101@26" {
		t.Errorf("header with one of two buffers closed: %q", codes(ds))
	}
	c.notify("textDocument/didClose", object{"textDocument": b.id()})
	if ds := c.published(h, 0); len(ds) != 0 {
		t.Errorf("header with both buffers closed: %q", codes(ds))
	}
	c.shutDown()
}

// While something is being typed, the findings elsewhere stay.
func TestMidTyping(t *testing.T) {
	second := strings.Replace(counting[len(prelude):strings.Index(counting, "SEC(\"xdp\")\nint locked")], "int count(", "int second(", 1)
	text := strings.Replace(counting, "char _license[]", second+"char _license[]", 1)
	dir := workspace(t, nil)
	for name, typed := range map[string][2]string{
		"half an expression":  {"\tv->packets = 0;\n", "\tv->packets = v->;\n"},
		"an open brace":       {"\tv->packets = 0;\n", "\tif (v->packets) {\n\tv->packets = 0;\n"},
		"an open parenthesis": {"\tv->packets = 0;\n", "\tv->packets = (0;\n"},
		"half a word":         {"\tv->packets = 0;\n", "\tbpf_map_upd\n"},
		"an open string":      {"\tv->packets = 0;\n", "\tbpf_printk(\"a);\n"},
		"an open comment":     {"\tv->packets = 0;\n", "\t/* v->packets = 0;\n"},
		"a new declaration":   {"char _license[]", "static __u64 n\nchar _license[]"},
		"a new function":      {"char _license[]", "SEC(\"xdp\")\nint third(struct xdp_md *ctx)\n{\n\nchar _license[]"},
		"an if directive":     {"\tv->packets = 0;\n", "#if\n\tv->packets = 0;\n"},
		"an include":          {"#include <linux/bpf.h>\n", "#include <linux/bpf.h>\n#include <not/there\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			c.initialize([]string{dir}, nil)
			b := c.open(filepath.Join(dir, "count.bpf.c"), text)
			before := b.diagnostics()
			if n := strings.Count(codes(before), "BLC101"); n != 4 {
				t.Fatalf("%d lost updates before: %s", n, codes(before))
			}
			b.replace(typed[0], typed[1])
			after := b.diagnostics()
			var lost []string
			for _, d := range after {
				if d.Code == "BLC101" {
					line := strings.Split(b.text, "\n")[d.Range.Start.Line]
					lost = append(lost, strings.TrimSpace(line))
				}
			}
			if got, want := strings.Join(lost, " "), "v->packets++; v->bytes += 64; v->packets++; v->bytes += 64;"; got != want {
				t.Errorf("lost updates while typing: %q, want %q\nall: %s", got, want, codes(after))
			}
			b.replace(typed[1], typed[0])
			if got := codes(b.diagnostics()); got != codes(before) {
				t.Errorf("after the edit was taken back: %q, want %q", got, codes(before))
			}
			c.shutDown()
		})
	}
}

// A C file that is no BPF, and a file of another kind, are left alone.
func TestOtherFiles(t *testing.T) {
	dir := workspace(t, nil)
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.open(filepath.Join(dir, "main.c"), "int main(void) { syntax error\n")
	if ds := b.diagnostics(); len(ds) != 0 {
		t.Errorf("userspace C: %s", codes(ds))
	}
	b.replace("int main", "SEC(\"xdp\") int main")
	b.diagnostics()
	txt := c.open(filepath.Join(dir, "notes.txt"), "v->packets++")
	if as := txt.actions(rng{}); len(as) != 0 {
		t.Errorf("actions in a text file: %+v", as)
	}
	if h := txt.hover(pos{}); h != "" {
		t.Errorf("hover in a text file: %q", h)
	}
	// What is no file, or too large, is left alone too, without an error for
	// every key.
	huge := filepath.Join(dir, "huge.bpf.c")
	for _, doc := range []object{
		{"uri": "git:/a/b.c?HEAD", "text": counting},
		{"uri": "untitled:Untitled-1", "text": counting},
		{"uri": string(uri.File(huge)), "text": counting + strings.Repeat("// none of your business\n", source.MaxSize/20)},
	} {
		doc["languageId"], doc["version"] = "c", 1
		c.notify("textDocument/didOpen", object{"textDocument": doc})
		id := object{"uri": doc["uri"]}
		c.notify("textDocument/didChange", object{"textDocument": object{"uri": doc["uri"], "version": 2}, "contentChanges": []object{{"range": rng{}, "text": "/* */"}}})
		if h := c.end(c.begin("textDocument/hover", object{"textDocument": id, "position": pos{}})); h.Error != nil {
			t.Errorf("hover in %s: %s", doc["uri"], h.Error.Message)
		}
		if a := c.end(c.begin("textDocument/codeAction", object{"textDocument": id, "range": rng{}, "context": object{"diagnostics": []int{}}})); a.Error != nil || string(a.Result) != "[]" {
			t.Errorf("actions in %s: %+v", doc["uri"], a)
		}
		c.notify("textDocument/didClose", object{"textDocument": id})
	}
	// It may become small enough.
	c.notify("textDocument/didOpen", object{"textDocument": object{"uri": string(uri.File(huge)), "languageId": "c", "version": 1, "text": strings.Repeat("// more\n", source.MaxSize/8+1)}})
	c.notify("textDocument/didChange", object{"textDocument": object{"uri": string(uri.File(huge)), "version": 2}, "contentChanges": []object{{"text": counting}}})
	if ds := c.published(uri.File(huge), 2); len(ds) == 0 {
		t.Error("nothing is found in a file that was too large")
	}
	c.shutDown()
	if log := c.stderr.String(); log != "" {
		t.Errorf("standard error: %s", log)
	}
}

func TestEnds(t *testing.T) {
	t.Run("exit without shutdown", func(t *testing.T) {
		c := start(t)
		c.initialize(nil, nil)
		c.notify("exit", nil)
		if got := c.exitStatus(); got != 1 {
			t.Errorf("exit status %d, want 1", got)
		}
	})
	t.Run("the client dies", func(t *testing.T) {
		dir := workspace(t, map[string]string{"count.bpf.c": counting})
		c := start(t)
		c.initialize([]string{dir}, nil)
		c.openFile(filepath.Join(dir, "count.bpf.c"))
		_ = c.in.Close()
		if got := c.exitStatus(); got != 1 || !strings.Contains(c.stderr.String(), "client went away") {
			t.Errorf("exit status %d, %q", got, c.stderr.String())
		}
	})
	t.Run("the client's process dies", func(t *testing.T) {
		dead := exec.Command(os.Args[0], "-test.run=^$")
		if err := dead.Run(); err != nil {
			t.Fatal(err)
		}
		c := start(t)
		c.begin("initialize", object{"processId": dead.Process.Pid, "rootUri": nil, "capabilities": object{}})
		if got := c.exitStatus(); got != 1 || !strings.Contains(c.stderr.String(), "client went away") {
			t.Errorf("exit status %d, %q", got, c.stderr.String())
		}
	})
	t.Run("the client's process lives", func(t *testing.T) {
		c := start(t)
		c.initialize(nil, func(_, params object) { params["processId"] = os.Getpid() })
		c.shutDown()
	})
	t.Run("the client reads no more", func(t *testing.T) {
		dir := workspace(t, map[string]string{"count.bpf.c": counting})
		c := start(t)
		c.initialize([]string{dir}, nil)
		_ = c.out.Close()
		c.openFile(filepath.Join(dir, "count.bpf.c"))
		_ = c.in.Close()
		if got := c.exitStatus(); got == cli.ExitOK {
			t.Errorf("exit status %d", got)
		}
	})
	t.Run("too early, too late", func(t *testing.T) {
		c := start(t)
		hover := object{"textDocument": object{"uri": "file:///x.c"}, "position": pos{}}
		if m := c.end(c.begin("textDocument/hover", hover)); m.Error == nil || m.Error.Code != -32002 {
			t.Errorf("hover before initialize: %+v", m.Error)
		}
		c.initialize(nil, nil)
		if m := c.end(c.begin("initialize", object{"processId": nil, "rootUri": nil, "capabilities": object{}})); m.Error == nil || m.Error.Code != -32600 {
			t.Errorf("second initialize: %+v", m.Error)
		}
		if m := c.end(c.begin("textDocument/hover", hover)); m.Error == nil || m.Error.Code != -32602 {
			t.Errorf("hover in a buffer that is not open: %+v", m.Error)
		}
		if m := c.end(c.begin("textDocument/rename", object{})); m.Error == nil {
			t.Error("no error for a method that there is not")
		}
		if m := c.end(c.begin("no/such", object{})); m.Error == nil || m.Error.Code != -32601 {
			t.Errorf("an unknown method: %+v", m.Error)
		}
		// Bad notifications do not end the session.
		c.notify("no/such", object{})
		c.notify("textDocument/didChange", "what?")
		c.notify("textDocument/didChange", object{"textDocument": object{"uri": "file:///x.c", "version": 1}, "contentChanges": []any{}})
		c.call("shutdown", nil, nil)
		if m := c.end(c.begin("textDocument/hover", hover)); m.Error == nil || m.Error.Code != -32600 {
			t.Errorf("hover after shutdown: %+v", m.Error)
		}
		c.notify("exit", nil)
		if got := c.exitStatus(); got != 0 {
			t.Errorf("exit status %d", got)
		}
	})
}

// brokenFrames are what no client should send.
var brokenFrames = map[string]string{
	"no header":              "hello\r\n\r\n",
	"no length":              "Content-Type: x\r\n\r\n{}",
	"a negative length":      "Content-Length: -5\r\n\r\n{}",
	"a word for length":      "Content-Length: many\r\n\r\n{}",
	"a length of zero":       "Content-Length: 0\r\n\r\n",
	"a huge length":          "Content-Length: 99999999999999999999\r\n\r\n{}",
	"a large length":         "Content-Length: 4294967298\r\n\r\n{}",
	"two lengths":            "Content-Length: 2, 2\r\n\r\n{}",
	"no colon":               "Content-Length 2\r\n\r\n{}",
	"a method of wrong type": frames(`{"jsonrpc":"2.0","id":1,"method":5}`),
	"an id of wrong type":    frames(`{"jsonrpc":"2.0","id":{},"method":"shutdown"}`),
	"another version":        frames(`{"jsonrpc":"1.0","id":1,"method":"shutdown"}`),
	"not JSON":               "Content-Length: 5\r\n\r\nhello",
	"half a JSON value":      "Content-Length: 9\r\n\r\n{\"jsonrpc",
	"an empty object":        "Content-Length: 2\r\n\r\n{}",
	"a number":               "Content-Length: 2\r\n\r\n42",
	"another protocol":       "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}

// frames puts headers before messages.
func frames(bodies ...string) string {
	var out strings.Builder
	for _, b := range bodies {
		fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n%s", len(b), b)
	}
	return out.String()
}

func TestBrokenFrames(t *testing.T) {
	for name, frame := range brokenFrames {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			c.initialize(nil, nil)
			_, _ = c.in.Write([]byte(frame))
			got := c.exitStatus()
			if got != 2 || !strings.Contains(c.stderr.String(), "messages cannot be read") {
				t.Errorf("exit status %d, %q", got, c.stderr.String())
			}
		})
	}
	t.Run("cut short", func(t *testing.T) {
		c := start(t)
		c.initialize(nil, nil)
		_, _ = c.in.Write([]byte("Content-Length: 100000000\r\n\r\n{\"jsonrpc\":"))
		_ = c.in.Close()
		if got := c.exitStatus(); got != 1 {
			t.Errorf("exit status %d, want 1: the client died", got)
		}
	})
}

// Valid JSON that is no valid message gets an error, and the session goes on.
func TestOddMessages(t *testing.T) {
	c := start(t)
	c.initialize(nil, nil)
	c.send(object{"id": "text", "method": "textDocument/hover", "params": []int{1}})
	m := c.wait("an error", func(m message) bool { return string(m.ID) == `"text"` })
	if m.Error == nil || m.Error.Code != -32602 && m.Error.Code != -32700 {
		t.Errorf("hover with odd parameters: %+v", m)
	}
	c.send(object{"id": 77777, "result": object{}}) // an answer to nothing
	// No capabilities, or odd ones, are no reason to end.
	early := start(t)
	for i, params := range []any{"hello", []int{}, object{"capabilities": []int{}}, object{"processId": "x", "capabilities": object{}}, object{"workspaceFolders": 5, "capabilities": object{}}} {
		if m := early.end(early.begin("initialize", params)); m.Error == nil {
			t.Errorf("odd parameters of initialize are taken (%d): %s", i, m.Result)
		}
	}
	early.notify("textDocument/didOpen", object{"textDocument": object{"uri": "file:///x.c", "languageId": "c", "version": 1, "text": ""}})
	early.initialize(nil, nil)
	early.shutDown()
	c.shutDown()
}

func TestPull(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	c := start(t)
	caps := c.initialize([]string{dir}, func(caps, _ object) {
		td := caps["textDocument"].(object)
		delete(td, "publishDiagnostics")
		td["diagnostic"] = object{"relatedDocumentSupport": true, "relatedInformation": true, "codeDescriptionSupport": true}
	})
	if p, _ := caps["diagnosticProvider"].(object); p == nil || p["interFileDependencies"] != true {
		t.Fatalf("no diagnostic provider: %v", caps)
	}
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	var report struct {
		Kind     string
		ResultID string
		Items    []diagnostic
	}
	pull := func() {
		t.Helper()
		params := object{"textDocument": b.id()}
		if report.ResultID != "" {
			params["previousResultId"] = report.ResultID
		}
		report.Items = nil
		c.call("textDocument/diagnostic", params, &report)
	}
	pull()
	if got, want := codes(report.Items), "BLC101@32 BLC106@32 BLC101@33"; report.Kind != "full" || got != want {
		t.Errorf("%s %q, want full %q", report.Kind, got, want)
	}
	if d := report.Items[1]; len(d.RelatedInformation) != 1 || !strings.HasSuffix(d.CodeDescription.Href, "/docs/rules/BLC106.md") {
		t.Errorf("related information or the rule's page is missing: %+v", d)
	}
	pull()
	if report.Kind != "unchanged" || report.Items != nil {
		t.Errorf("%s %v, want unchanged", report.Kind, report.Items)
	}
	b.replace("v->bytes += 64", "v->bytes = 64")
	pull()
	if got, want := codes(report.Items), "BLC101@32 BLC106@32"; report.Kind != "full" || got != want {
		t.Errorf("%s %q, want full %q", report.Kind, got, want)
	}
	// What is pulled is not pushed as well: the editor would show it twice.
	if log := c.transcript(); strings.Contains(log, "publishDiagnostics") && strings.Contains(log, "<- {\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\"") {
		t.Error("pushed to a client that pulls")
	}
	c.shutDown()
}

func TestSettings(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	c := start(t)
	c.initialize([]string{dir}, func(_, params object) {
		params["initializationOptions"] = object{"disable": []string{"BLC106"}}
	})
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	for _, step := range []struct {
		settings any
		want     string
	}{
		{nil, "BLC101@32 BLC101@33"},
		{object{"bpflockcheck": object{"disable": []string{"lost-update"}}}, "BLC106@32"},
		{object{"disable": []string{"BLC1"}}, ""},
		{object{"bpflockcheck": object{}}, "BLC101@32 BLC106@32 BLC101@33"},
		{object{"bpflockcheck": object{"severity": object{"BLC101": "error"}, "disable": []string{"BLC106"}}}, "BLC101@32 BLC101@33"},
	} {
		if step.settings != nil {
			c.notify("workspace/didChangeConfiguration", object{"settings": step.settings})
		}
		if got := codes(b.diagnostics()); got != step.want {
			t.Errorf("with settings %v: %q, want %q", step.settings, got, step.want)
		}
	}
	for _, step := range []struct {
		settings any
		want     string
	}{
		{object{"bpflockcheck": object{"kernl": "5.15"}}, `unknown setting "kernl", did you mean "kernel"?`},
		{object{"bpflockcheck": object{"kernel": 5.15}}, `setting "kernel": want a string, not number`},
		{object{"bpflockcheck": object{"kernel": "five"}}, "--kernel"},
		{object{"bpflockcheck": object{"enable": []string{"BLC999"}}}, `unknown rule "BLC999"`},
	} {
		c.notify("workspace/didChangeConfiguration", object{"settings": step.settings})
		m := c.wait("a message", func(m message) bool { return m.Method == "window/showMessage" })
		if !strings.Contains(string(m.Params), strings.ReplaceAll(step.want, `"`, `\"`)) {
			t.Errorf("with settings %v: %s, want %s", step.settings, m.Params, step.want)
		}
	}
	c.shutDown()
}

// A client that asks for diagnostics itself is told when they change for a
// reason that it cannot know: not after its own edits.
func TestPullRefresh(t *testing.T) {
	dir := workspace(t, map[string]string{"flows.h": header, "a.bpf.c": user, ".bpflockcheck.yaml": ""})
	c := start(t)
	c.initialize([]string{dir}, func(caps, _ object) {
		caps["textDocument"].(object)["diagnostic"] = object{}
		caps["workspace"].(object)["diagnostics"] = object{"refreshSupport": true}
	})
	a, h := c.openFile(filepath.Join(dir, "a.bpf.c")), c.openFile(filepath.Join(dir, "flows.h"))
	pull := func(b *buffer) string {
		t.Helper()
		var report struct{ Items []diagnostic }
		c.call("textDocument/diagnostic", object{"textDocument": b.id()}, &report)
		return codes(report.Items)
	}
	if got := pull(h); got != "BLC101@26" {
		t.Errorf("the header at first: %q", got)
	}
	refreshed := func() {
		t.Helper()
		c.wait("a refresh", func(m message) bool { return m.Method == "workspace/diagnostic/refresh" })
	}
	refreshed() // the header's have come with the source
	a.replace("bump(v);", "bump(v), v->bytes++;")
	if got := pull(a); got != "BLC101@9" {
		t.Errorf("after an edit: %q", got)
	}
	// The header's own edit may change every source's.
	h.replace("BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_PERCPU_HASH")
	h.replace("\tstruct bpf_spin_lock lock;\n", "")
	if got := pull(h); got != "" {
		t.Errorf("the header, edited: %q", got)
	}
	refreshed()
	if got := pull(a); got != "" {
		t.Errorf("the source, with its header edited: %q", got)
	}
	h.replace("BPF_MAP_TYPE_PERCPU_HASH", "BPF_MAP_TYPE_HASH")
	refreshed()
	if got := pull(a); got != "BLC101@9" {
		t.Errorf("the source, with its header restored: %q", got)
	}
	c.mu.Lock()
	c.inbox = nil
	c.mu.Unlock()
	for range 3 {
		a.replace("return 0;", "return 1 - 1;")
		a.replace("return 1 - 1;", "return 0;")
		a.replace("v->bytes++", "v->bytes--")
		pull(a)
		a.replace("v->bytes--", "v->bytes++")
		pull(a)
	}
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"bpflockcheck": object{"disable": []string{"BLC1"}}}})
	refreshed()
	if got := pull(a); got != "" {
		t.Errorf("with the rules disabled: %q", got)
	}
	if n := strings.Count(c.transcript(), "workspace/diagnostic/refresh"); n > 8 {
		t.Errorf("%d refreshes", n)
	}
	c.shutDown()
}

// A greeting with no settings at all, such as Eglot's, is not about this
// server: the initialization options stay in force.
func TestEmptySettings(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	c := start(t)
	c.initialize([]string{dir}, func(_, params object) {
		params["initializationOptions"] = object{"disable": []string{"BLC106"}}
	})
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	for _, settings := range []any{object{}, nil, []any{}, object{"gopls": object{"kernel": 1}}} {
		b.diagnostics()
		c.notify("workspace/didChangeConfiguration", object{"settings": settings})
		if got, want := codes(b.diagnostics()), "BLC101@32 BLC101@33"; got != want {
			t.Errorf("after %v: %q, want %q", settings, got, want)
		}
		b.replace("64", "64") // one more
	}
	c.shutDown()
}

// Files on disk that the client watches: a header, and clang's flags. The
// config counts when it is saved, too, since not every client watches.
func TestFilesOnDisk(t *testing.T) {
	dir := workspace(t, map[string]string{"flows.h": header, "a.bpf.c": strings.Replace(user, "bump(v);", "{\n#ifdef MORE\n\t\tv->bytes++;\n#endif\n\t\tbump(v);\n\t}", 1)})
	c := start(t)
	c.initialize([]string{dir}, nil)
	a := c.openFile(filepath.Join(dir, "a.bpf.c"))
	write := func(name, text string) uri.URI {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return uri.File(path)
	}
	watched := func(u uri.URI) {
		c.notify("workspace/didChangeWatchedFiles", object{"changes": []object{{"uri": u, "type": 2}}})
	}
	h := uri.File(filepath.Join(dir, "flows.h"))
	if got := codes(c.published(h, 0)); got != "BLC101@26" {
		t.Fatalf("the header at first: %q", got)
	}
	if got := codes(a.diagnostics()); got != "" {
		t.Fatalf("the source at first: %q", got)
	}
	watched(write("compile_flags.txt", "-DMORE\n"))
	if got := codes(a.diagnostics()); got != "BLC101@11" {
		t.Errorf("with a macro defined: %q", got)
	}
	watched(write("flows.h", strings.Replace(header, "v->packets++", "__sync_fetch_and_add(&v->packets, 1)", 1)))
	// It was also sent with the flags.
	for i := 0; codes(c.published(h, 0)) != ""; i++ {
		if i == 3 {
			t.Fatal("the header, changed on disk, keeps its finding")
		}
	}
	a.diagnostics()
	conf := write(".bpflockcheck.yaml", "disable: [BLC101]\n")
	c.notify("textDocument/didSave", object{"textDocument": object{"uri": conf}})
	a.settle("")
	c.shutDown()
}

// A folder that is added brings its settings; files outside of all folders
// have the common ones, and the config nearest to them.
func TestFolderAdded(t *testing.T) {
	one := workspace(t, map[string]string{"count.bpf.c": counting})
	two := workspace(t, map[string]string{"count.bpf.c": counting})
	none := workspace(t, map[string]string{"count.bpf.c": counting, "sub/count.bpf.c": counting, "sub/.bpflockcheck.yaml": "disable: [BLC101]\n"})
	c := start(t)
	c.answer["workspace/configuration"] = func(params json.RawMessage) any {
		var p struct{ Items []struct{ ScopeURI uri.URI } }
		if err := json.Unmarshal(params, &p); err != nil {
			t.Error(err)
		}
		var out []any
		for _, it := range p.Items {
			if it.ScopeURI == uri.File(two) {
				out = append(out, object{"disable": []string{"BLC101"}})
			} else {
				out = append(out, nil)
			}
		}
		return out
	}
	c.initialize([]string{one}, func(caps, _ object) { caps["workspace"].(object)["configuration"] = true })
	all := "BLC101@32 BLC106@32 BLC101@33"
	c.openFile(filepath.Join(one, "count.bpf.c")).settle(all)
	c.openFile(filepath.Join(none, "count.bpf.c")).settle(all)
	c.openFile(filepath.Join(none, "sub", "count.bpf.c")).settle("BLC106@32")
	b := c.openFile(filepath.Join(two, "count.bpf.c"))
	b.settle(all)
	c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{
		"added": []object{{"uri": uri.File(two), "name": "two"}}, "removed": []any{},
	}})
	b.settle("BLC106@32")
	c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{
		"added": []any{}, "removed": []object{{"uri": uri.File(two), "name": "two"}},
	}})
	b.settle(all)
	c.shutDown()
}

// A fix that may change what the program does says so, and is never applied
// unseen.
func TestUnsafeFix(t *testing.T) {
	const insert = prelude + `SEC("xdp")
int first(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&flows, &key), zero = {};

	if (!v) {
		zero.packets = 1;
		bpf_map_update_elem(&flows, &key, &zero, BPF_ANY);
		return XDP_PASS;
	}
	__sync_fetch_and_add(&v->packets, 1);
	return XDP_PASS;
}
`
	dir := workspace(t, map[string]string{"first.bpf.c": insert})
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.openFile(filepath.Join(dir, "first.bpf.c"))
	ds := b.diagnostics()
	i := slices.IndexFunc(ds, func(d diagnostic) bool { return d.Code == "BLC103" })
	if i < 0 {
		t.Fatalf("diagnostics %s, want an insert race", codes(ds))
	}
	as := b.actions(ds[i].Range)
	fix := titled(t, as, "Fix: ")
	if fix.IsPreferred || !strings.HasSuffix(fix.Title, "(check what it changes)") {
		t.Errorf("fix %+v", fix)
	}
	for _, a := range as {
		if strings.HasPrefix(a.Title, "Fix all") {
			t.Errorf("%q among %d", a.Title, len(as))
		}
	}
	b.apply(fix)
	for _, d := range b.diagnostics() {
		if d.Code == "BLC103" {
			t.Errorf("still there after its fix: %+v", d)
		}
	}
	c.shutDown()
}

// The names of rules in the config explain themselves.
func TestHoverInConfig(t *testing.T) {
	dir := workspace(t, nil)
	c := start(t)
	c.initialize([]string{dir}, nil)
	b := c.open(filepath.Join(dir, ".bpflockcheck.yaml"), "disable: [BLC101, torn-copy]\nkernel: \"5.15\"\n")
	for at, want := range map[string]string{"LC101": "lost-update", "copy]": "BLC111", "]\n": "BLC111"} {
		if got := b.hover(b.at(at)); !strings.Contains(got, want) {
			t.Errorf("hover at %q: no %q in %q", at, want, got)
		}
	}
	if got := b.hover(b.at("kernel")); got != "" {
		t.Errorf("hover on a key: %q", got)
	}
	other := c.open(filepath.Join(dir, "other.yaml"), "disable: [BLC101]\n")
	if got := other.hover(other.at("BLC101")); got != "" {
		t.Errorf("hover in another file: %q", got)
	}
	c.shutDown()
}

// Each folder has settings of its own, and each file the config nearest to it.
func TestFolders(t *testing.T) {
	one := workspace(t, map[string]string{"count.bpf.c": counting})
	two := workspace(t, map[string]string{
		"count.bpf.c":             counting,
		"sub/count.bpf.c":         counting,
		"sub/.bpflockcheck.yaml":  "disable: [BLC106]\n",
		"sub/deep/.gitkeep":       "",
		"outside/.gitkeep":        "",
		"outside/elsewhere.bpf.c": counting,
	})
	c := start(t)
	c.answer["workspace/configuration"] = func(params json.RawMessage) any {
		var p struct{ Items []struct{ ScopeURI uri.URI } }
		if err := json.Unmarshal(params, &p); err != nil {
			t.Error(err)
		}
		var out []any
		for _, it := range p.Items {
			switch it.ScopeURI {
			case uri.File(one):
				out = append(out, object{"disable": []string{"BLC101"}})
			default:
				out = append(out, nil)
			}
		}
		return out
	}
	c.initialize([]string{one, two}, func(caps, _ object) { caps["workspace"].(object)["configuration"] = true })
	// The settings may come after the first analysis.
	settled := func(path, want string) { c.openFile(path).settle(want) }
	settled(filepath.Join(one, "count.bpf.c"), "BLC106@32")
	settled(filepath.Join(two, "count.bpf.c"), "BLC101@32 BLC106@32 BLC101@33")
	settled(filepath.Join(two, "sub", "count.bpf.c"), "BLC101@32 BLC101@33")
	c.notify("workspace/didChangeWorkspaceFolders", object{"event": object{
		"added": []any{}, "removed": []object{{"uri": uri.File(one), "name": "one"}},
	}})
	if got, want := codes(c.published(uri.File(filepath.Join(one, "count.bpf.c")), 0)), "BLC101@32 BLC106@32 BLC101@33"; got != want {
		t.Errorf("after its folder left the workspace: %q, want %q", got, want)
	}
	c.shutDown()
}

// A config that changes on disk counts at once; one that is broken says so in
// its own place, and leaves the last good settings in force.
func TestConfigFile(t *testing.T) {
	dir := workspace(t, map[string]string{"count.bpf.c": counting})
	conf := filepath.Join(dir, ".bpflockcheck.yaml")
	c := start(t)
	c.initialize([]string{dir}, func(caps, _ object) {
		caps["workspace"].(object)["didChangeWatchedFiles"] = object{"dynamicRegistration": true}
	})
	m := c.wait("a registration", func(m message) bool { return m.Method == "client/registerCapability" })
	if !strings.Contains(string(m.Params), ".bpflockcheck.yaml") {
		t.Errorf("the config is not watched: %s", m.Params)
	}
	b := c.openFile(filepath.Join(dir, "count.bpf.c"))
	if got, want := codes(b.diagnostics()), "BLC101@32 BLC106@32 BLC101@33"; got != want {
		t.Fatalf("%q, want %q", got, want)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		c.notify("workspace/didChangeWatchedFiles", object{"changes": []object{{"uri": uri.File(conf), "type": 2}}})
	}
	write("disable: [BLC101]\n")
	if got, want := codes(b.diagnostics()), "BLC106@32"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	write("disable: [BLC101]\nkernl: \"5.15\"\n")
	ds := c.published(uri.File(conf), 0)
	if len(ds) != 1 || ds[0].Severity != 1 || ds[0].Range.Start != (pos{1, 0}) || !strings.Contains(ds[0].Message, `did you mean "kernel"?`) {
		t.Errorf("broken config: %+v", ds)
	}
	if got, want := codes(b.diagnostics()), "BLC106@32"; got != want {
		t.Errorf("with the config broken: %q, want %q", got, want)
	}
	write("disable: [BLC106]\n")
	if ds := c.published(uri.File(conf), 0); len(ds) != 0 {
		t.Errorf("config in order again: %+v", ds)
	}
	if got, want := codes(b.diagnostics()), "BLC101@32 BLC101@33"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	c.shutDown()
}
