package rules

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Verdict is the judgement on one access that the rules start from, for
// explaining it.
type Verdict struct {
	// Place names what is accessed: "flows.packets".
	Place  string
	Shared bool
	// Confidence in its being shared.
	Confidence diag.Confidence
	// Why says in a few words who shares it, or what confines it.
	Why string
	// Guarded: a lock that is held keeps those who share it out, as long as
	// they take it too.
	Guarded bool
}

// Judge explains the accesses of a model. It is not for concurrent use.
type Judge struct{ pass *Pass }

// NewJudge makes a Judge; the zero version is the newest kernel.
func NewJudge(m *model.Model, v kernel.Version) *Judge {
	if v == (kernel.Version{}) {
		v = kernel.Newest
	}
	return &Judge{&Pass{Model: m, Kernel: v, facts: factsOf(m)}}
}

// Access says whether somebody else can change a place while a program uses
// it.
func (j *Judge) Access(a *model.Access) Verdict {
	s := j.pass.shared(a)
	return Verdict{Place: Describe(a.Place), Shared: s.shared, Confidence: s.confidence, Why: s.why, Guarded: protected(a.Locks, a.Place)}
}

// Describe names a place: "flows.packets", "total", "offset 8 of flows".
func Describe(pl model.Place) string { return describe(pl) }

// DescribeLock names a lock: "lock flows.lock".
func DescribeLock(l model.Lock) string { return lockName(l) }
