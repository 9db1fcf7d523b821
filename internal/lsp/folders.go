package lsp

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/config"
)

// folder is a workspace folder.
type folder struct {
	uri uri.URI
	dir string
	// own are the settings that the client gave for this folder; nil: it has
	// the common ones.
	own *settings
}

// addFolder takes note of a folder; s.mu is held.
func (s *server) addFolder(u uri.URI) {
	path, ok := pathOf(u)
	if ok && !slices.ContainsFunc(s.folders, func(f *folder) bool { return f.dir == path }) {
		s.folders = append(s.folders, &folder{uri: u, dir: path})
	}
}

// folderOf gives the innermost folder that holds a file, nil when none does;
// s.mu is held.
func (s *server) folderOf(path string) (best *folder) {
	for _, f := range s.folders {
		if within(path, f.dir) && (best == nil || len(f.dir) > len(best.dir)) {
			best = f
		}
	}
	return best
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// pathOf gives the path of a file URI.
func pathOf(u uri.URI) (string, bool) {
	parsed, err := uri.Parse(string(u))
	if err != nil || !parsed.IsFile() {
		return "", false
	}
	p := filepath.Clean(parsed.FsPath())
	return p, filepath.IsAbs(p)
}

// DidChangeWorkspaceFolders implements protocol.Server.
func (s *server) DidChangeWorkspaceFolders(_ context.Context, p *protocol.DidChangeWorkspaceFoldersParams) error {
	s.mu.Lock()
	for _, gone := range p.Event.Removed {
		if path, ok := pathOf(gone.URI); ok {
			s.folders = slices.DeleteFunc(s.folders, func(f *folder) bool { return f.dir == path })
		}
	}
	for _, f := range p.Event.Added {
		s.addFolder(f.URI)
	}
	s.mu.Unlock()
	s.work.Go(s.pullSettings)
	s.touchAll()
	return nil
}

// DidChangeConfiguration implements protocol.Server. Old clients send the
// settings, new ones only say that they changed.
func (s *server) DidChangeConfiguration(_ context.Context, p *protocol.DidChangeConfigurationParams) error {
	set, given, err := decodeSettings(p.Settings)
	if isEmptyObject(p.Settings) {
		given = false // nothing is said about any server: Eglot's greeting
	}
	s.mu.Lock()
	s.told = map[string]bool{}
	if given {
		s.common = set
		for _, f := range s.folders {
			f.own = nil
		}
	}
	s.mu.Unlock()
	if err != nil {
		s.tell(protocol.MessageTypeError, err.Error())
		return nil
	}
	s.work.Go(s.pullSettings)
	s.touchAll()
	return nil
}

// pullSettings asks the client for each folder's settings.
func (s *server) pullSettings() {
	s.mu.Lock()
	if !s.can.configuration || s.phase != running {
		s.mu.Unlock()
		return
	}
	asked := slices.Clone(s.folders)
	s.mu.Unlock()
	items := []protocol.ConfigurationItem{{Section: ptr(serverName)}}
	for _, f := range asked {
		items = append(items, protocol.ConfigurationItem{ScopeURI: &f.uri, Section: ptr(serverName)})
	}
	answers, err := s.client.Configuration(s.ctx, &protocol.ConfigurationParams{Items: items})
	if err != nil {
		if s.ctx.Err() == nil {
			s.cfg.Log.Warn("the client gave no settings", "error", err)
		}
		return
	}
	changed := false
	for i, raw := range answers[:min(len(answers), len(items))] {
		set, given, err := decodeSettings(raw)
		if err != nil {
			s.tell(protocol.MessageTypeError, err.Error())
			continue
		}
		if !given {
			continue
		}
		s.mu.Lock()
		if i == 0 {
			s.common = set
		} else {
			asked[i-1].own = &set
		}
		s.mu.Unlock()
		changed = true
	}
	if changed {
		s.touchAll()
	}
}

// options gives the settings for a file, with the flaws of its config file to
// be shown there. A config that is broken, perhaps because it is being
// written, leaves the last good settings in force.
func (s *server) options(path string) (Options, *config.Error) {
	s.mu.Lock()
	set, dir := s.common, filepath.Dir(path)
	if f := s.folderOf(path); f != nil {
		dir = f.dir
		if f.own != nil {
			set = *f.own
		}
	}
	s.mu.Unlock()
	file := set.Config
	if file == "" {
		// The nearest one to the file, not to the folder: a folder may hold
		// many projects.
		if found, err := config.Find(filepath.Dir(path)); err == nil {
			file = found
		}
	}
	key := dir + "\x00" + file
	o, err := s.cfg.Options(dir, set.flags(file))
	if err == nil {
		s.mu.Lock()
		s.good[key] = o
		s.mu.Unlock()
		return o, nil
	}
	var flaw *config.Error
	if !errors.As(err, &flaw) {
		s.tell(protocol.MessageTypeError, err.Error())
	}
	s.mu.Lock()
	o, ok := s.good[key]
	s.mu.Unlock()
	if !ok {
		set := settings{}
		if o, err = s.cfg.Options(dir, set.flags("")); err != nil {
			o.Dir = dir
		}
	}
	return o, flaw
}

// span gives the place of a config's flaw.
func flawSpan(e *config.Error) position.Span {
	return position.Span{File: e.File, Line: max(e.Line, 1), Col: max(e.Col, 1)}
}

// watchers are the files whose change on disk matters.
func watchers() []protocol.FileSystemWatcher {
	var out []protocol.FileSystemWatcher
	for _, glob := range []string{"**/*.{c,h,o,go}", "**/" + config.FileName, "**/compile_commands.json", "**/compile_flags.txt", "**/go.mod"} {
		out = append(out, protocol.FileSystemWatcher{GlobPattern: protocol.Pattern(glob)})
	}
	return out
}

// DidChangeWatchedFiles implements protocol.Server.
func (s *server) DidChangeWatchedFiles(_ context.Context, p *protocol.DidChangeWatchedFilesParams) error {
	relevant := false
	for _, e := range p.Changes {
		path, ok := pathOf(e.URI)
		if !ok {
			continue
		}
		s.mu.Lock()
		// What is open is known better from the editor.
		_, open := s.docs[path]
		s.mu.Unlock()
		relevant = relevant || !open || e.Type != protocol.FileChangeTypeChanged
	}
	if relevant {
		s.headers.Rescan()
		s.touchAll()
	}
	return nil
}
