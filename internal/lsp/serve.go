package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
)

// Config is what the server needs from the command line.
type Config struct {
	Version string
	// Options makes the settings for inputs in a folder, from flags as on the
	// command line of check. Its errors are shown to the user.
	Options func(dir string, flags []string) (Options, error)
	// Log receives what goes wrong and concerns no document; nil: nobody.
	Log *slog.Logger
}

// Options are the settings of an analysis.
type Options struct {
	analyzer.Options
	// Baseline is the file of known findings, "" when there is none.
	Baseline string
}

// How a session that did not end as the protocol wants it ended.
var (
	// ErrNoShutdown: the client sent exit without shutdown.
	ErrNoShutdown = errors.New("the client sent exit without shutdown")
	// ErrGone: the client's end of the connection is closed.
	ErrGone = errors.New("the client went away without shutdown and exit")
)

// drain bounds the wait for a reader that nothing can wake up: a read of a
// terminal, say.
const drain = time.Second

// Serve talks to one client until it sends exit, goes away, or ctx ends. Both
// streams are closed then. It returns nil after shutdown and exit or the end
// of ctx, ErrNoShutdown, ErrGone, or what was wrong with what the client sent.
func Serve(ctx context.Context, in io.ReadCloser, out io.WriteCloser, cfg Config) error {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := &duplex{in: in, out: out}
	conn := jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(stream), jsonrpc2.WithCodec(codec{}))
	s := newServer(ctx, cancel, cfg, protocol.ClientDispatcher(conn))
	conn.Go(ctx, s.handler())

	select {
	case <-conn.Done():
	case <-ctx.Done():
	}
	cancel()
	s.stop()
	// A client that reads no more must not keep a writer, and so the server,
	// alive; nor a silent one the reader.
	_ = stream.Close()
	select {
	case <-conn.Done():
	case <-time.After(drain):
	}
	s.work.Wait()
	if parent.Err() != nil {
		return nil
	}
	return s.verdict(conn.Err())
}

// verdict says how the session ended.
func (s *server) verdict(connErr error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.phase == exited:
		return nil
	case s.orphaned:
		return ErrGone
	case s.phase == aborted:
		return ErrNoShutdown
	case connErr != nil && !errors.Is(connErr, io.ErrUnexpectedEOF):
		return fmt.Errorf("the client's messages cannot be read: %w", connErr)
	case s.phase == shutDown:
		return nil // shutdown, and then the end instead of exit
	}
	return ErrGone
}

// duplex makes one stream of two.
type duplex struct {
	in   io.ReadCloser
	out  io.WriteCloser
	once sync.Once
	err  error
}

func (d *duplex) Read(p []byte) (int, error)  { return d.in.Read(p) }
func (d *duplex) Write(p []byte) (int, error) { return d.out.Write(p) }
func (d *duplex) Close() error {
	d.once.Do(func() { d.err = errors.Join(d.in.Close(), d.out.Close()) })
	return d.err
}

// codec writes and reads the protocol's types.
type codec struct{}

func (codec) Marshal(v any) ([]byte, error) {
	switch m := v.(type) {
	case nil:
		return []byte("null"), nil
	case jsonrpc2.RawMessage:
		if m == nil {
			return []byte("null"), nil
		}
		return m, nil
	}
	return protocol.Marshal(v)
}

func (codec) Unmarshal(data []byte, v any) error {
	if p, ok := v.(*jsonrpc2.RawMessage); ok {
		*p = append((*p)[:0], data...)
		return nil
	}
	return protocol.Unmarshal(data, v)
}

// handler dispatches messages. The library's own chain handles all of them
// concurrently, which would apply edits out of order; and it derives contexts
// from the request's own, which jsonrpc2 v1.0.0 recycles under them when a
// request is answered quickly (a panic in context.WithCancel). Here they derive
// from the session's.
func (s *server) handler() jsonrpc2.Handler {
	dispatch := protocol.ServerHandler(s, jsonrpc2.MethodNotFoundHandler)
	return func(reqCtx context.Context, req *jsonrpc2.Request) (result any, err error) {
		method := strings.Clone(req.Method())
		if !req.IsCall() {
			// An error would end the connection, for one bad notification.
			if err := s.guard(func() error {
				if method == protocol.MethodCancelRequest {
					return s.cancelRequest(req.Params())
				}
				if !s.accepts(method) {
					return nil
				}
				if method == protocol.MethodTextDocumentDidOpen {
					s.opening = spelling(req.Params())
				}
				_, err := dispatch(s.ctx, req)
				return err
			}); err != nil && !optional(method, err) {
				s.cfg.Log.Error("notification failed", "method", method, "error", err)
			}
			return nil, nil
		}
		if err := s.admit(method); err != nil {
			return nil, err
		}
		ctx, done := s.cancellable(req.ID())
		defer done()
		s.work.Add(1)
		defer s.work.Done()
		switch method {
		case protocol.MethodInitialize, protocol.MethodShutdown:
		default:
			jsonrpc2.Async(reqCtx)
		}
		err = s.guard(func() (err error) {
			result, err = dispatch(ctx, req)
			return err
		})
		if err != nil && ctx.Err() != nil {
			err = protocol.ErrRequestCancelled
		}
		return result, err
	}
}

// cancellable gives the context of a request, which $/cancelRequest can end.
func (s *server) cancellable(id jsonrpc2.ID) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.mu.Lock()
	s.requests[id] = cancel
	s.mu.Unlock()
	return ctx, func() {
		s.mu.Lock()
		delete(s.requests, id)
		s.mu.Unlock()
		cancel()
	}
}

// cancelRequest ends a request, if it is still under way.
func (s *server) cancelRequest(params jsonrpc2.RawMessage) error {
	var p protocol.CancelParams
	if err := protocol.Unmarshal(params, &p); err != nil {
		return err
	}
	var id jsonrpc2.ID
	switch v := p.ID.(type) {
	case protocol.Integer:
		id = jsonrpc2.NewNumberID(int64(v))
	case protocol.String:
		id = jsonrpc2.NewStringID(string(v))
	default:
		return fmt.Errorf("id %v", p.ID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.requests[id]; cancel != nil {
		cancel()
	}
	return nil
}

// spelling gives the URI of a document as the client writes it. The library
// normalizes escapes, and some clients compare URIs as strings.
func spelling(params jsonrpc2.RawMessage) uri.URI {
	var p struct {
		TextDocument struct {
			URI string `json:"uri"`
		} `json:"textDocument"`
	}
	if json.Unmarshal(params, &p) != nil {
		return ""
	}
	return uri.URI(p.TextDocument.URI)
}

// optional reports whether a notification may be ignored in silence: those
// that begin with $/, and those that nobody here listens to.
func optional(method string, err error) bool {
	var e *jsonrpc2.Error
	return len(method) > 1 && method[:2] == "$/" || errors.As(err, &e) && e.Code == jsonrpc2.MethodNotFound
}

// guard keeps a defect that one message brings out from ending the session.
func (s *server) guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.cfg.Log.Error("internal error, please report it", "panic", v, "stack", string(debug.Stack()))
			err = jsonrpc2.Errorf(jsonrpc2.InternalError, "internal error, please report it: %v", v)
		}
	}()
	return f()
}
