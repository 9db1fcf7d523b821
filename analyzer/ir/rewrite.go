package ir

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Rewriter makes edits of the source that a unit was read from: rules decide
// what is to be changed, it knows how that is written. Places are named by the
// positions of operations, which are compared as pointers. Every method gives
// no edits, and the reason, where the text does not allow the change; the
// reasons read on from "no automatic fix: ".
type Rewriter interface {
	// Release puts the given releases, in order, before the exit of a function,
	// after its result has been evaluated.
	Release(fn string, exit *position.Pos, rs []Release) (edits []diag.Edit, why string)
	// ReleaseBeforeGotos puts a release before every goto that leads to the
	// exit from where the lock is held, when others lead there without it.
	ReleaseBeforeGotos(fn string, exit *position.Pos, r Release) (edits []diag.Edit, why string)
	// Hoist evaluates a call right before the statement that takes the lock.
	Hoist(fn string, h Hoist) (edits []diag.Edit, why string)
	// InsertOnce makes a map update fail where the key is there, and goes on
	// with the element that another CPU inserted then. lookup is the lookup
	// that found nothing.
	InsertOnce(fn string, update, lookup *position.Pos) (edits []diag.Edit, why string)
}

// Release undoes the call at Taken: Callee is called with the same arguments.
type Release struct {
	Taken  *position.Pos
	Callee string
}

// Hoist is a call to be made before a lock is taken.
type Hoist struct {
	Call, Lock *position.Pos
	// Type is the C type of the call's value and Name a good name for it.
	Type, Name string
	// Varies: two calls right after one another may give different values.
	Varies bool
}
