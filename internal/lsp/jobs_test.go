package lsp_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
	"github.com/bpflockcheck/bpflockcheck/internal/lsp"
)

// gate lets analyses pass one by one. The server asks for the options at the
// beginning of each analysis.
type gate struct {
	runs atomic.Int32
	open chan struct{} // nil: always open
}

func (g *gate) options(dir string, _ []string) (lsp.Options, error) {
	g.runs.Add(1)
	if g.open != nil {
		<-g.open
	}
	return lsp.Options{Options: analyzer.Options{Dir: dir}}, nil
}

func (g *gate) client(t testing.TB) *client {
	t.Helper()
	return startWith(t, func(ctx context.Context, in io.ReadCloser, out io.WriteCloser, _ io.Writer) int {
		err := lsp.Serve(ctx, in, out, lsp.Config{Version: "test", Options: g.options})
		if err != nil && !errors.Is(err, lsp.ErrGone) {
			t.Error(err)
		}
		return 0
	})
}

// A request that waits for an analysis can be given up.
func TestCancel(t *testing.T) {
	dir := workspace(t, nil)
	g := &gate{open: make(chan struct{})}
	c := g.client(t)
	c.initialize([]string{dir}, nil)
	b := c.open(filepath.Join(dir, "count.bpf.c"), counting)
	params := object{"textDocument": b.id(), "position": b.at("v->packets++")}
	kept, given := c.begin("textDocument/hover", params), c.begin("textDocument/hover", params)
	c.notify("$/cancelRequest", object{"id": given})
	if m := c.end(given); m.Error == nil || m.Error.Code != -32800 {
		t.Errorf("cancelled request: %+v", m)
	}
	close(g.open)
	if m := c.end(kept); m.Error != nil || !strings.Contains(string(m.Result), "flows.packets") {
		t.Errorf("the other request: %+v %s", m.Error, m.Result)
	}
	c.notify("$/cancelRequest", object{"id": 12345})
	c.notify("$/cancelRequest", object{"id": []int{}})
	c.shutDown()
}

// Edits that come while an analysis runs are analysed together, once, and the
// outdated result is not shown.
func TestDebounce(t *testing.T) {
	dir := workspace(t, nil)
	g := &gate{open: make(chan struct{})}
	c := g.client(t)
	c.initialize([]string{dir}, nil)
	b := c.open(filepath.Join(dir, "count.bpf.c"), counting)
	for g.runs.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for range 25 {
		b.replace("v->bytes += 64;", "v->bytes += 64; ")
	}
	// The answer to any request comes after the edits were noted.
	if m := c.end(c.begin("no/such", object{})); m.Error == nil {
		t.Error("no error")
	}
	close(g.open)
	b.diagnostics()
	if n := g.runs.Load(); n != 2 {
		t.Errorf("%d analyses for an opened file and a burst of edits, want 2", n)
	}
	if n := strings.Count(c.transcript(), "<- {\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\""); n != 1 {
		t.Errorf("published %d times, want once", n)
	}
	// An edit after a rest is not put off.
	b.replace("v->bytes += 64;", "v->bytes = 64;")
	b.diagnostics()
	if n := g.runs.Load(); n != 3 {
		t.Errorf("%d analyses after one more edit, want 3", n)
	}
	c.shutDown()
}

// The session ends although an analysis is under way.
func TestShutdownWhileBusy(t *testing.T) {
	dir := workspace(t, nil)
	g := &gate{open: make(chan struct{})}
	c := g.client(t)
	c.initialize([]string{dir}, nil)
	b := c.open(filepath.Join(dir, "count.bpf.c"), counting)
	hover := c.begin("textDocument/hover", object{"textDocument": b.id(), "position": pos{}})
	go func() {
		time.Sleep(50 * time.Millisecond)
		close(g.open)
	}()
	c.call("shutdown", nil, nil)
	c.end(hover)
	c.notify("exit", nil)
	c.exitStatus()
}

// The host can end the session.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	go func() { _, _ = io.Copy(io.Discard, outR) }()
	done := make(chan error)
	go func() { done <- lsp.Serve(ctx, inR, outW, lsp.Config{Options: (&gate{}).options}) }()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it did not end")
	}
	_ = inW.Close()
	_ = outR.Close()
}

// Whatever a client sends, the server ends with it, without a panic or a
// goroutine left.
func FuzzServe(f *testing.F) {
	for _, frame := range brokenFrames {
		f.Add([]byte(frame))
	}
	frame := func(bodies ...string) []byte { return []byte(frames(bodies...)) }
	hello := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}`
	open := `{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///nowhere/a.c","languageId":"c","version":1,"text":"#define SEC(x)\nSEC(\"xdp\") int f(void *c) { return 0; }"}}}`
	change := `{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///nowhere/a.c","version":2},"contentChanges":[{"range":{"start":{"line":9,"character":99},"end":{"line":0,"character":3}},"text":"ä"},{"text":"SEC("}]}}`
	act := `{"jsonrpc":"2.0","id":"x","method":"textDocument/codeAction","params":{"textDocument":{"uri":"file:///nowhere/a.c"},"range":{"start":{"line":4000000000,"character":0},"end":{"line":0,"character":4000000000}},"context":{"diagnostics":[]}}}`
	cancel := `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"x"}}`
	f.Add(frame(hello, open, change, act, cancel))
	f.Add(frame("["+hello+","+open+"]", act))
	f.Add(frame(hello, `{"jsonrpc":"2.0","id":1,"method":"shutdown"}`, `{"jsonrpc":"2.0","method":"exit"}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		inR, inW := io.Pipe()
		outR, outW := io.Pipe()
		drained := make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, outR); close(drained) }()
		go func() { _, _ = inW.Write(input); _ = inW.Close() }()
		_ = lsp.Serve(context.Background(), inR, outW, lsp.Config{Options: func(string, []string) (lsp.Options, error) {
			return lsp.Options{Options: analyzer.Options{Dir: "/nowhere"}}, nil
		}})
		<-drained
	})
}
