package lsp

import (
	"context"
	"runtime"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

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
	goTypes *analyzer.GoCache
	// opening is how the client spells the URI of the document that it opens;
	// of the reader's goroutine.
	opening uri.URI

	mu    sync.Mutex // guards what follows
	phase phase
	// orphaned: the process that started the server is no more.
	orphaned bool
	can      abilities
	enc      encoding
	folders  []*folder
	// common are the settings for files in no folder, and for folders that
	// have none of their own.
	common settings
	// good are the last options that were in order, by folder and config.
	good map[string]Options
	docs map[string]*document // open ones, by path
	jobs map[string]*job
	told map[string]bool // messages shown to the user
	// requests under way, by their identifiers.
	requests map[jsonrpc2.ID]context.CancelFunc

	// publishing orders what is sent about documents, and guards shown.
	publishing sync.Mutex
	shown      shown
}

func newServer(ctx context.Context, cancel context.CancelFunc, cfg Config, client protocol.Client) *server {
	return &server{
		cfg: cfg, client: client, ctx: ctx, cancel: cancel,
		slots:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		headers: analyzer.NewHeaderCache(),
		goTypes: analyzer.NewGoCache(),
		enc:     utf16,
		good:    map[string]Options{}, docs: map[string]*document{}, jobs: map[string]*job{}, told: map[string]bool{},
		requests: map[jsonrpc2.ID]context.CancelFunc{},
		shown:    newShown(),
	}
}

// stop ends what runs on its own.
func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		j.stop()
	}
}

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

// Initialize implements protocol.Server.
func (s *server) Initialize(_ context.Context, p *protocol.InitializeParams) (*protocol.InitializeResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.can = abilitiesOf(&p.Capabilities)
	s.enc = chooseEncoding(&p.Capabilities)
	if fs, ok := p.WorkspaceFolders.Get(); ok {
		for _, f := range fs {
			s.addFolder(f.URI)
		}
	} else if p.RootURI != nil { //nolint:staticcheck // older editors give only this
		s.addFolder(*p.RootURI) //nolint:staticcheck // as above
	}
	if set, given, err := decodeSettings(p.InitializationOptions); err != nil {
		s.tellLater(protocol.MessageTypeError, "initializationOptions: "+err.Error())
	} else if given {
		s.common = set
	}
	s.phase = running
	if pid := p.ProcessID; pid != nil && *pid > 0 {
		s.work.Go(func() { s.watchParent(int(*pid)) })
	}

	quickFix, fixAll := protocol.CodeActionKindQuickFix, fixAllKind
	res := &protocol.InitializeResult{
		ServerInfo: protocol.ServerInfo{Name: serverName, Version: protocol.NewOptional(s.cfg.Version)},
		Capabilities: protocol.ServerCapabilities{
			PositionEncoding: s.enc.kind(),
			TextDocumentSync: &protocol.TextDocumentSyncOptions{
				OpenClose: ptr(true),
				Change:    ptr(protocol.TextDocumentSyncKindIncremental),
				Save:      &protocol.SaveOptions{},
			},
			HoverProvider:      protocol.Boolean(true),
			CodeActionProvider: &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{quickFix, fixAll}},
			Workspace: &protocol.WorkspaceOptions{WorkspaceFolders: &protocol.WorkspaceFoldersServerCapabilities{
				Supported:           ptr(true),
				ChangeNotifications: protocol.Boolean(true),
			}},
		},
	}
	if s.can.pull {
		res.Capabilities.DiagnosticProvider = &protocol.DiagnosticOptions{
			Identifier:            ptr(serverName),
			InterFileDependencies: true,
		}
	}
	return res, nil
}

// Initialized implements protocol.Server. What it asks of the client is asked
// beside the reader, which has to read the answers.
func (s *server) Initialized(context.Context, *protocol.InitializedParams) error {
	s.mu.Lock()
	can := s.can
	s.mu.Unlock()
	var regs []protocol.Registration
	if can.watchFiles {
		regs = append(regs, protocol.Registration{
			ID: "files", Method: protocol.MethodWorkspaceDidChangeWatchedFiles,
			RegisterOptions: encode(protocol.DidChangeWatchedFilesRegistrationOptions{Watchers: watchers()}),
		})
	}
	if can.registerSettings {
		regs = append(regs, protocol.Registration{
			ID: "settings", Method: protocol.MethodWorkspaceDidChangeConfiguration,
			RegisterOptions: protocol.LSPAny(`{"section":"` + serverName + `"}`),
		})
	}
	s.work.Go(func() {
		if len(regs) > 0 {
			if err := s.client.RegisterCapability(s.ctx, &protocol.RegistrationParams{Registrations: regs}); err != nil && s.ctx.Err() == nil {
				s.cfg.Log.Warn("the client refused a registration", "error", err)
			}
		}
		s.pullSettings()
	})
	return nil
}

// Shutdown implements protocol.Server.
func (s *server) Shutdown(context.Context) error {
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = shutDown
	return nil
}

// Exit implements protocol.Server.
func (s *server) Exit(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == shutDown {
		s.phase = exited
	} else {
		s.phase = aborted
	}
	s.cancel()
	return nil
}

// SetTrace implements protocol.Server.
func (s *server) SetTrace(context.Context, *protocol.SetTraceParams) error { return nil }

// tell shows a message to the user, the same one only once until forget.
func (s *server) tell(kind protocol.MessageType, text string) {
	s.mu.Lock()
	known := s.told[text]
	s.told[text] = true
	s.mu.Unlock()
	if known {
		return
	}
	if err := s.client.ShowMessage(s.ctx, &protocol.ShowMessageParams{Type: kind, Message: serverName + ": " + text}); err != nil && s.ctx.Err() == nil {
		s.cfg.Log.Warn("message not shown", "message", text, "error", err)
	}
}

// tellLater is tell for where s.mu is held or an answer is still to be sent.
func (s *server) tellLater(kind protocol.MessageType, text string) {
	s.work.Go(func() { s.tell(kind, text) })
}

// abilities are what the client can do.
type abilities struct {
	pull             bool // it asks for diagnostics itself
	refresh          bool // it asks again when told to
	relatedDocuments bool // in the answers to that
	relatedInfo      bool
	tags             map[protocol.DiagnosticTag]bool
	codeDescription  bool
	versions         bool // in published diagnostics
	documentChanges  bool
	snippets         bool
	configuration    bool // it answers workspace/configuration
	watchFiles       bool
	registerSettings bool
	markdown         bool
}

func abilitiesOf(c *protocol.ClientCapabilities) (a abilities) {
	a.tags = map[protocol.DiagnosticTag]bool{}
	about := func(d *protocol.DiagnosticsCapabilities) {
		a.relatedInfo = a.relatedInfo || is(d.RelatedInformation)
		a.codeDescription = a.codeDescription || is(d.CodeDescriptionSupport)
		for _, t := range d.TagSupport.ValueSet {
			a.tags[t] = true
		}
	}
	if td := c.TextDocument; td != nil {
		if p := td.PublishDiagnostics; p != nil {
			about(&p.DiagnosticsCapabilities)
			a.versions = is(p.VersionSupport)
		}
		if d := td.Diagnostic; d != nil {
			a.pull = true
			about(&d.DiagnosticsCapabilities)
			a.relatedDocuments = is(d.RelatedDocumentSupport)
		}
		if h := td.Hover; h != nil {
			for _, k := range h.ContentFormat {
				a.markdown = a.markdown || k == protocol.MarkupKindMarkdown
			}
		}
	}
	if w := c.Workspace; w != nil {
		if w.Diagnostics != nil {
			a.refresh = is(w.Diagnostics.RefreshSupport)
		}
		if w.WorkspaceEdit != nil {
			a.documentChanges = is(w.WorkspaceEdit.DocumentChanges)
			a.snippets = is(w.WorkspaceEdit.SnippetEditSupport)
		}
		a.configuration = is(w.Configuration)
		if w.DidChangeWatchedFiles != nil {
			a.watchFiles = is(w.DidChangeWatchedFiles.DynamicRegistration)
		}
		if w.DidChangeConfiguration != nil {
			a.registerSettings = is(w.DidChangeConfiguration.DynamicRegistration)
		}
	}
	return a
}

func is(b *bool) bool { return b != nil && *b }

func ptr[T any](v T) *T { return &v }

// encode gives a value as JSON; the protocol's own types always can be.
func encode(v any) protocol.LSPAny {
	b, err := protocol.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}
