//go:build !unix

package lsp

import "os"

// alive reports whether there is a process. Where one cannot be looked up
// without being opened, as on Windows, opening fails when it is gone.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
