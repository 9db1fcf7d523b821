// Package lsp is the language server.
//
// Layers, from the wire inwards:
//
//   - serve.go: the connection, its end, and which messages run in order;
//   - server.go: what client and server say about themselves;
//   - folders.go, settings.go: workspace folders and their settings;
//   - documents.go: open buffers and their edits;
//   - jobs.go: when something is analysed: at once, later, or again;
//   - analyse.go: one analysis and its result;
//   - diagnostics.go, actions.go, hover.go: what the client sees of a result.
//
// Notifications are handled in the order in which they arrive, on the reader's
// goroutine, and only take note of what changed. Requests and analyses run
// beside them.
package lsp
