package lsp

import "time"

// parentCheck is the time between two looks at whether the client still lives.
const parentCheck = 3 * time.Second

// watchParent ends the session when the client's process is no more: the pipe
// to it may stay open, when it is inherited by another.
func (s *server) watchParent(pid int) {
	tick := time.NewTicker(parentCheck)
	defer tick.Stop()
	for alive(pid) {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return
		}
	}
	s.mu.Lock()
	s.orphaned = true
	s.mu.Unlock()
	s.cancel()
}
