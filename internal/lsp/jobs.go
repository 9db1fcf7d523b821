package lsp

import (
	"context"
	"slices"
	"time"
)

// job is one recurring analysis. The first change after a rest starts it at
// once, so that a single edit is answered without delay. A change that comes
// while it runs cancels it, and it starts again when changes have ceased for
// about as long as it takes, so that fast typing does not keep a CPU busy.
//
// All fields are guarded by the server's mu.
type job struct {
	key  string
	kind language
	// wanted counts the changes, and made is what wanted was for the newest
	// result.
	wanted, made int
	result       *result
	cancel       context.CancelFunc // of the run under way; nil: none is
	timer        *time.Timer        // of the run put off; nil: none is
	cost         time.Duration      // of the newest run that was finished
	// unasked: among the changes since the newest result is one that is not an
	// edit of the job's own buffer, so that a client that asks for diagnostics
	// itself does not know of it.
	unasked bool
	// news is closed, and replaced, when made or the job's end is reached.
	news    chan struct{}
	stopped bool
}

// The least and the most that a run is put off.
const (
	leastQuiet = 20 * time.Millisecond
	mostQuiet  = 500 * time.Millisecond
)

// quiet is how long changes must have ceased.
func (j *job) quiet() time.Duration {
	if j.kind == langGo {
		return mostQuiet // loading packages is seconds of the go command's work
	}
	return min(max(j.cost, leastQuiet), mostQuiet)
}

// stop ends the job.
func (j *job) stop() {
	if j.stopped {
		return
	}
	j.stopped = true
	if j.cancel != nil {
		j.cancel()
	}
	if j.timer != nil {
		j.timer.Stop()
	}
	close(j.news)
}

// touchJob takes note of a change; own: it is an edit of the job's own buffer.
// s.mu is held.
func (s *server) touchJob(key string, kind language, own bool) {
	if key == "" || s.ctx.Err() != nil || s.phase != running {
		return
	}
	j := s.jobs[key]
	if j == nil {
		j = &job{key: key, kind: kind, news: make(chan struct{})}
		s.jobs[key] = j
	}
	j.wanted++
	j.unasked = j.unasked || !own
	switch {
	case j.cancel != nil:
		j.cancel() // finish starts it again
	case j.timer != nil:
		j.timer.Reset(j.quiet())
	case kind == langGo && j.result != nil:
		s.putOff(j)
	default:
		s.start(j)
	}
}

// putOff starts a job later; s.mu is held.
func (s *server) putOff(j *job) {
	j.timer = time.AfterFunc(j.quiet(), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if j.timer != nil && !j.stopped {
			j.timer = nil
			if j.cancel == nil {
				s.start(j)
			}
		}
	})
}

// start runs a job; s.mu is held.
func (s *server) start(j *job) {
	if s.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	j.cancel = cancel
	want := j.wanted
	s.work.Go(func() {
		defer cancel()
		var res *result
		began := time.Now()
		select {
		case s.slots <- struct{}{}:
			began = time.Now()
			_ = s.guard(func() error {
				res = s.analyse(ctx, j)
				return nil
			})
			<-s.slots
		case <-ctx.Done():
		}
		s.finish(j, want, res, time.Since(began))
	})
}

// finish takes a run's result, nil when it was cancelled.
func (s *server) finish(j *job, want int, res *result, cost time.Duration) {
	s.mu.Lock()
	j.cancel = nil
	if j.stopped {
		s.mu.Unlock()
		return
	}
	current, unasked := want == j.wanted, j.unasked
	if res != nil {
		j.cost = cost
	}
	if current {
		if res == nil {
			res = &result{} // it failed beyond all reporting: nothing is known
		}
		if d := s.docs[j.key]; d != nil && res.files != nil {
			d.remember(res)
		}
		j.result, j.made, j.unasked = res, want, false
	} else {
		s.putOff(j)
	}
	s.mu.Unlock()
	if current {
		// What waits for the result may find it published.
		s.publish(j, res, unasked)
		s.mu.Lock()
		if !j.stopped {
			close(j.news)
			j.news = make(chan struct{})
		}
		s.mu.Unlock()
	}
}

// await gives the results, as of now, of the jobs that a buffer has a part in:
// its own, or for a header those of all open sources, which may include it.
func (s *server) await(ctx context.Context, d *document) ([]*result, error) {
	s.mu.Lock()
	keys := []string{jobKey(d)}
	if d.kind == langHeader {
		keys = nil
		for path, o := range s.docs {
			if o.kind == langC {
				keys = append(keys, path)
			}
		}
		slices.Sort(keys)
	}
	s.mu.Unlock()
	var out []*result
	for _, key := range keys {
		r, err := s.awaitJob(ctx, key)
		if err != nil {
			return nil, err
		}
		if r != nil && r.files != nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// awaitJob gives a job's result as of now; nil when there is none.
func (s *server) awaitJob(ctx context.Context, key string) (*result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[key]
	if j == nil {
		return nil, nil
	}
	want := j.wanted
	for j.made < want && !j.stopped {
		news := j.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return j.result, nil
}
