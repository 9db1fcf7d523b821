// Package flow is the abstract interpreter: it runs every program of an
// ir.Unit over abstract values and produces a model.Model.
//
// A register or stack slot holds a scalar (an interval, an identity, and the
// loads it derives from: that is what a lost update is made of) or a pointer
// (an object, an offset, perhaps null). The state also holds the locks taken,
// the RCU, preemption and irq sections, and the branches that led here as far
// as they tested shared memory.
//
// It is path-sensitive only where that pays (property simulation, as in ESP,
// Das, Lerner and Seigle, PLDI 2002): at a merge, states are kept apart by the
// locks and sections held, and joined otherwise. Each keeps the facts it
// learnt from branches, so "if (v) lock; ... if (v) unlock" comes out exact,
// and the cost stays near linear. Functions of the unit are analysed in their
// caller's state, at each call; loops reach a fixpoint by widening.
//
// The files: value.go and symbol.go (the domain), state.go (states, joins and
// their keys), join.go (merges), memory.go, object.go and arena.go (what
// pointers point into and what is stored there), exec.go, arith.go and copy.go
// (one operation), pieces.go (copies that bytecode makes piece by piece), call.go,
// helper.go and kfunc.go (calls), lock.go (locks and sections), branch.go
// (refinement), ask.go (what a branch asks of the kernel), interp.go (the
// fixpoint), cfg.go (loops, dominators, live registers), loop.go and trips.go (how
// often loops run), record.go (what goes into the model), idempotent.go (what
// depends on a branch and may run twice).
package flow
