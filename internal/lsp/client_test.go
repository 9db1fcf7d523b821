package lsp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"go.lsp.dev/uri"
	"go.uber.org/goleak"

	"github.com/bpflockcheck/bpflockcheck/internal/cli"
)

// patience is how long a test waits for what must come. It is no measure of
// speed: machines that run tests are busy.
const patience = 2 * time.Minute

// asServer is set in the environment of a test binary that an editor starts as
// bpflockcheck.
const asServer = "BPFLOCKCHECK_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		os.Exit(cli.Standard().Main(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

type object = map[string]any

// client is an editor, as far as the wire is concerned. It is written without
// the server's protocol library, so that both do not share its errors.
type client struct {
	t      testing.TB
	in     *io.PipeWriter // the server's standard input
	out    *io.PipeReader
	status chan int
	stderr bytes.Buffer
	// answer gives the results of the server's requests, by method.
	answer map[string]func(params json.RawMessage) any

	mu    sync.Mutex
	seq   int
	inbox []message
	news  chan struct{}
	log   []string // the transcript
	read  chan struct{}
}

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// start runs "bpflockcheck lsp".
func start(t testing.TB) *client {
	t.Helper()
	return startWith(t, func(ctx context.Context, in io.ReadCloser, out io.WriteCloser, stderr io.Writer) int {
		c := &cli.Command{Stdin: in, Stdout: out, Stderr: stderr, Context: ctx}
		return c.Main([]string{"lsp"})
	})
}

func startWith(t testing.TB, serve func(ctx context.Context, in io.ReadCloser, out io.WriteCloser, stderr io.Writer) int) *client {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{t: t, in: inW, out: outR, status: make(chan int, 1), news: make(chan struct{}), read: make(chan struct{}), answer: map[string]func(json.RawMessage) any{}}
	go func() {
		c.status <- serve(ctx, inR, outW, &c.stderr)
		_ = outW.Close()
	}()
	go c.receive()
	t.Cleanup(func() {
		_ = inW.Close()
		select {
		case <-c.read:
		case <-time.After(patience):
			t.Error("the server did not end")
		}
		cancel()
		if t.Failed() {
			t.Log("standard error:\n" + c.stderr.String())
			t.Log("transcript:\n" + c.transcript())
		}
	})
	return c
}

func (c *client) transcript() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.log, "\n")
}

// receive reads what the server sends, until its end is closed.
func (c *client) receive() {
	defer close(c.read)
	r := bufio.NewReader(c.out)
	for {
		length := -1
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimSpace(line)
			if line == "" {
				break
			}
			if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
				if _, err := fmt.Sscan(v, &length); err != nil {
					c.t.Errorf("header %q: %v", line, err)
					return
				}
			}
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			c.t.Errorf("the server sent %q: %v", body, err)
			return
		}
		if m.Method != "" && m.ID != nil {
			var result any
			c.mu.Lock()
			f := c.answer[m.Method]
			c.mu.Unlock()
			if f != nil {
				result = f(m.Params)
			}
			c.send(object{"id": m.ID, "result": result})
		}
		c.mu.Lock()
		c.log = append(c.log, "<- "+string(body))
		c.inbox = append(c.inbox, m)
		close(c.news)
		c.news = make(chan struct{})
		c.mu.Unlock()
	}
}

func (c *client) send(m object) {
	m["jsonrpc"] = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		c.t.Error(err)
		return
	}
	c.mu.Lock()
	c.log = append(c.log, "-> "+string(body))
	c.mu.Unlock()
	_, _ = fmt.Fprintf(c.in, "Content-Length: %d\r\n\r\n%s", len(body), body)
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	c.send(object{"method": method, "params": params})
}

// begin sends a request and gives its identifier.
func (c *client) begin(method string, params any) int {
	c.mu.Lock()
	c.seq++
	id := c.seq
	c.mu.Unlock()
	m := object{"id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	c.send(m)
	return id
}

// end waits for a request's answer.
func (c *client) end(id int) message {
	c.t.Helper()
	want := fmt.Sprint(id)
	return c.wait("an answer", func(m message) bool { return m.Method == "" && string(m.ID) == want })
}

// call makes a request that must succeed.
func (c *client) call(method string, params, result any) {
	c.t.Helper()
	m := c.end(c.begin(method, params))
	if m.Error != nil {
		c.t.Fatalf("%s: %s (%d)", method, m.Error.Message, m.Error.Code)
	}
	if result != nil {
		if err := json.Unmarshal(m.Result, result); err != nil {
			c.t.Fatalf("%s: %v in %s", method, err, m.Result)
		}
	}
}

// wait takes the first message that fits out of the inbox.
func (c *client) wait(what string, fits func(message) bool) message {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		i := slices.IndexFunc(c.inbox, fits)
		news := c.news
		if i >= 0 {
			m := c.inbox[i]
			c.inbox = slices.Delete(c.inbox, i, i+1)
			c.mu.Unlock()
			return m
		}
		c.mu.Unlock()
		select {
		case <-news:
		case <-c.read:
			c.t.Fatalf("the server ended; %s was to come", what)
		case <-deadline:
			c.t.Fatalf("%s did not come", what)
		}
	}
}

// initialize begins a session with the capabilities of an up-to-date editor,
// changed as asked.
func (c *client) initialize(folders []string, change func(caps object, params object)) object {
	c.t.Helper()
	var fs []object
	for _, f := range folders {
		fs = append(fs, object{"uri": uri.File(f), "name": filepath.Base(f)})
	}
	caps := object{
		"general": object{},
		"textDocument": object{
			"publishDiagnostics": object{"relatedInformation": true, "versionSupport": true, "codeDescriptionSupport": true, "tagSupport": object{"valueSet": []int{1, 2}}},
			"hover":              object{"contentFormat": []string{"markdown", "plaintext"}},
			"codeAction":         object{"codeActionLiteralSupport": object{"codeActionKind": object{"valueSet": []string{"quickfix", "source.fixAll"}}}},
		},
		"workspace": object{"workspaceEdit": object{"documentChanges": true}, "workspaceFolders": true},
	}
	params := object{"processId": nil, "rootUri": nil, "workspaceFolders": fs, "capabilities": caps}
	if change != nil {
		change(caps, params)
	}
	var result struct{ Capabilities object }
	c.call("initialize", params, &result)
	c.notify("initialized", object{})
	return result.Capabilities
}

// shutDown ends the session in order and checks the exit status.
func (c *client) shutDown() {
	c.t.Helper()
	c.call("shutdown", nil, nil)
	c.notify("exit", nil)
	if got := c.exitStatus(); got != cli.ExitOK {
		c.t.Errorf("exit status %d after shutdown and exit, want %d", got, cli.ExitOK)
	}
}

func (c *client) exitStatus() int {
	c.t.Helper()
	select {
	case st := <-c.status:
		return st
	case <-time.After(patience):
		c.t.Fatal("the server did not end")
		return -1
	}
}

// buffer is a file open in the editor.
type buffer struct {
	c       *client
	path    string
	uri     uri.URI
	text    string
	version int
}

func (c *client) open(path, text string) *buffer {
	c.t.Helper()
	b := &buffer{c: c, path: path, uri: uri.File(path), text: text, version: 1}
	lang := map[string]string{".c": "c", ".h": "c", ".go": "go"}[filepath.Ext(path)]
	c.notify("textDocument/didOpen", object{"textDocument": object{"uri": b.uri, "languageId": lang, "version": 1, "text": text}})
	return b
}

// openFile opens a file that is on disk.
func (c *client) openFile(path string) *buffer {
	c.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.open(path, string(text))
}

func (b *buffer) id() object { return object{"uri": b.uri} }

// replace makes an edit: the first occurrence of old becomes text. It is sent
// as an incremental change in UTF-16.
func (b *buffer) replace(old, text string) {
	b.c.t.Helper()
	i := strings.Index(b.text, old)
	if i < 0 {
		b.c.t.Fatalf("the buffer holds no %q", old)
	}
	start, end := b.position(i), b.position(i+len(old))
	b.text = b.text[:i] + text + b.text[i+len(old):]
	b.version++
	b.c.notify("textDocument/didChange", object{
		"textDocument":   object{"uri": b.uri, "version": b.version},
		"contentChanges": []object{{"range": rng{start, end}, "text": text}},
	})
}

type pos struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type rng struct {
	Start pos `json:"start"`
	End   pos `json:"end"`
}

// position gives a byte's place in UTF-16.
func (b *buffer) position(off int) pos {
	before := b.text[:off]
	line := strings.Count(before, "\n")
	before = before[strings.LastIndex(before, "\n")+1:]
	return pos{line, len(utf16.Encode([]rune(before)))}
}

// at gives the place of the first occurrence of a text.
func (b *buffer) at(text string) pos {
	b.c.t.Helper()
	i := strings.Index(b.text, text)
	if i < 0 {
		b.c.t.Fatalf("the buffer holds no %q", text)
	}
	return b.position(i)
}

// offset is the inverse of position.
func (b *buffer) offset(p pos) int {
	off := 0
	for range p.Line {
		off += strings.Index(b.text[off:], "\n") + 1
	}
	units := 0
	for i, r := range b.text[off:] {
		if units >= p.Character {
			return off + i
		}
		units += len(utf16.Encode([]rune{r}))
	}
	return len(b.text)
}

type diagnostic struct {
	Range           rng    `json:"range"`
	Severity        int    `json:"severity"`
	Code            string `json:"code"`
	CodeDescription struct {
		Href string `json:"href"`
	} `json:"codeDescription"`
	Source             string `json:"source"`
	Message            string `json:"message"`
	Tags               []int  `json:"tags"`
	RelatedInformation []struct {
		Location struct {
			URI   uri.URI `json:"uri"`
			Range rng     `json:"range"`
		} `json:"location"`
		Message string `json:"message"`
	} `json:"relatedInformation"`
}

// diagnostics waits for what is published for the buffer's present version.
func (b *buffer) diagnostics() []diagnostic {
	b.c.t.Helper()
	return b.c.published(b.uri, b.version)
}

// settle waits until the buffer's diagnostics are the ones wanted, where some
// may come before that are not.
func (b *buffer) settle(want string) {
	b.c.t.Helper()
	for range 10 {
		if codes(b.diagnostics()) == want {
			return
		}
	}
	b.c.t.Fatalf("%s: the diagnostics do not become %q", b.path, want)
}

// published waits for a file's diagnostics; version 0 is any.
func (c *client) published(u uri.URI, version int) []diagnostic {
	c.t.Helper()
	var p struct {
		URI         string // as it is spelled, which uri.URI does not keep
		Version     int
		Diagnostics []diagnostic
	}
	c.wait(fmt.Sprintf("diagnostics of %s, version %d", u, version), func(m message) bool {
		if m.Method != "textDocument/publishDiagnostics" {
			return false
		}
		p.Version = 0
		if err := json.Unmarshal(m.Params, &p); err != nil {
			c.t.Errorf("%v in %s", err, m.Params)
		}
		return p.URI == string(u) && (version == 0 || p.Version == version)
	})
	return p.Diagnostics
}

// codes gives diagnostics as "BLC101@12", with lines from 1.
func codes(ds []diagnostic) string {
	var out []string
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%s@%d", d.Code, d.Range.Start.Line+1))
	}
	return strings.Join(out, " ")
}

type edit struct {
	Range   rng    `json:"range"`
	NewText string `json:"newText"`
	Snippet *struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
	} `json:"snippet"`
}

type action struct {
	Title       string       `json:"title"`
	Kind        string       `json:"kind"`
	Diagnostics []diagnostic `json:"diagnostics"`
	IsPreferred bool         `json:"isPreferred"`
	Edit        struct {
		Changes         map[uri.URI][]edit `json:"changes"`
		DocumentChanges []struct {
			TextDocument struct {
				URI     uri.URI `json:"uri"`
				Version *int    `json:"version"`
			} `json:"textDocument"`
			Edits []edit `json:"edits"`
		} `json:"documentChanges"`
	} `json:"edit"`
}

// actions asks for the code actions at a place.
func (b *buffer) actions(at rng, only ...string) []action {
	b.c.t.Helper()
	context := object{"diagnostics": []any{}}
	if len(only) > 0 {
		context["only"] = only
	}
	var out []action
	b.c.call("textDocument/codeAction", object{"textDocument": b.id(), "range": at, "context": context}, &out)
	return out
}

// titled picks an action by the start of its title.
func titled(t testing.TB, as []action, title string) action {
	t.Helper()
	for _, a := range as {
		if strings.HasPrefix(a.Title, title) {
			return a
		}
	}
	t.Fatalf("no action %q among %d", title, len(as))
	return action{}
}

// apply makes an action's edits in the buffer and tells the server, all of the
// text at once.
func (b *buffer) apply(a action) {
	b.c.t.Helper()
	var edits []edit
	for _, dc := range a.Edit.DocumentChanges {
		if dc.TextDocument.URI != b.uri {
			b.c.t.Errorf("%q changes %s", a.Title, dc.TextDocument.URI)
			continue
		}
		if v := dc.TextDocument.Version; v == nil || *v != b.version {
			b.c.t.Errorf("%q is for another version than %d", a.Title, b.version)
		}
		edits = append(edits, dc.Edits...)
	}
	edits = append(edits, a.Edit.Changes[b.uri]...)
	if len(edits) == 0 {
		b.c.t.Errorf("%q changes nothing", a.Title)
	}
	slices.SortStableFunc(edits, func(x, y edit) int { return b.offset(y.Range.Start) - b.offset(x.Range.Start) })
	for _, e := range edits {
		b.text = b.text[:b.offset(e.Range.Start)] + e.NewText + b.text[b.offset(e.Range.End):]
	}
	b.version++
	b.c.notify("textDocument/didChange", object{
		"textDocument":   object{"uri": b.uri, "version": b.version},
		"contentChanges": []object{{"text": b.text}},
	})
}

// hover gives the text shown at a place, "" for none.
func (b *buffer) hover(at pos) string {
	b.c.t.Helper()
	var h *struct {
		Contents struct{ Kind, Value string }
	}
	b.c.call("textDocument/hover", object{"textDocument": b.id(), "position": at}, &h)
	if h == nil {
		return ""
	}
	return h.Contents.Value
}

// program is a small BPF program with the body given; it needs no headers but
// the ones that come with the tool.
const prelude = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct val {
	struct bpf_spin_lock lock;
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct val);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

`

const counting = prelude + `SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	struct val *v = bpf_map_lookup_elem(&flows, &key);

	if (!v)
		return XDP_PASS;
	v->packets++;
	v->bytes += 64;
	return XDP_PASS;
}

SEC("xdp")
int locked(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index, zero = 0;
	struct val *v = bpf_map_lookup_elem(&flows, &key);
	__u64 *hit = bpf_map_lookup_elem(&hits, &zero);

	if (!v || !hit)
		return XDP_PASS;
	*hit += 1;
	bpf_spin_lock(&v->lock);
	v->packets = 0;
	bpf_spin_unlock(&v->lock);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
`

// workspace makes a folder with files.
func workspace(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
