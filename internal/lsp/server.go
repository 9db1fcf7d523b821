package lsp

import (
	"context"
	"encoding/json"
	"path/filepath"
	"runtime"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/bpflockcheck/bpflockcheck/analyzer"
)

// phase is where in its life a session is.
type phase int

const (
	starting phase = iota // before initialize
	running
	shutDown
	exited  // after shutdown and exit
	aborted // after exit alone
)

// server is one session.
type server struct {
	protocol.UnimplementedServer

	cfg    Config
	client protocol.Client
	// ctx ends with the session; cancel ends it.
	ctx    context.Context //nolint:containedctx // of the session, which outlives every request
	cancel context.CancelFunc
	// work counts the goroutines of the session.
	work sync.WaitGroup
	// slots bounds the analyses that run at a time.
	slots   chan struct{}
	headers *analyzer.HeaderCache

	mu          sync.Mutex
	phase       phase
	interrupted bool // ended from this side
	can         abilities
	enc         encoding
	folders     []*folder
	// common are the settings for files in no folder, and for those of a
	// folder that has none of its own.
	common settings
	docs   map[string]*document // open ones, by path
	jobs   map[string]*job
	told   map[string]bool // messages shown to the user

	// publishing orders what is sent about documents.
	publishing sync.Mutex
	shown      shown
}

// abilities are the client's.
type abilities struct {
	pull              bool // it asks for diagnostics itself
	refresh           bool // it asks again when told to
	relatedDocuments  bool // in its answers to pulls
	relatedInfo       bool
	tags              map[protocol.DiagnosticTag]bool
	codeDescription   bool
	versions          bool // in published diagnostics
	documentChanges   bool
	snippets          bool
	configuration     bool // it answers workspace/configuration
	watchFiles        bool
	registerSettings  bool
	codeActionLiteral bool
	markdown          bool
}

func newServer(ctx context.Context, cancel context.CancelFunc, cfg Config, client protocol.Client) *server {
	return &server{
		cfg: cfg, client: client, ctx: ctx, cancel: cancel,
		slots:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		headers: analyzer.NewHeaderCache(),
		enc:     utf16,
		docs:    map[string]*document{}, jobs: map[string]*job{}, told: map[string]bool{},
		shown: newShown(),
	}
}

// stop ends what runs on its own.
func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == starting || s.phase == running {
		s.interrupted = context.Cause(s.ctx) != nil && !s.connectionLost()
	}
	for _, j := range s.jobs {
		j.stop()
	}
}

// connectionLost reports whether it was not this side that ended the session.
// The session's context is cancelled in either case; a parent's end is ours.
func (s *server) connectionLost() bool { return !s.ended }

// admit says whether a request may be handled now.
func (s *server) admit(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.phase == starting && method != protocol.MethodInitialize:
		return jsonrpc2.Errorf(jsonrpc2.ServerNotInitialized, "%s before initialize", method)
	case s.phase == running && method == protocol.MethodInitialize:
		return jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "initialize is sent twice")
	case s.phase >= shutDown:
		return jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "%s after shutdown", method)
	}
	return nil
}

// accepts says whether a notification is to be handled now, else dropped.
func (s *server) accepts(method string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phase == running || method == protocol.MethodExit
}
