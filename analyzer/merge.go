package analyzer

import (
	"cmp"
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// merge makes one finding of those that show the same bug: the same header
// seen from several units, the same program in several objects, and source and
// object of one program.
func merge(fs []diag.Finding) []diag.Finding {
	slices.SortStableFunc(fs, func(a, b diag.Finding) int { return a.Compare(&b) })
	fs = mergeEqual(fs)
	fs = mergeEvidence(fs)
	fs = mergeMoved(fs)
	agreeOnFixes(fs)
	slices.SortStableFunc(fs, func(a, b diag.Finding) int { return a.Compare(&b) })
	return fs
}

func fromObject(f *diag.Finding) bool {
	return len(f.Evidence) == 1 && f.Evidence[0] == diag.FromObject
}

// mergeEqual merges findings of one kind of evidence at one place about one
// variable. A compiler spreads a statement over several columns, so for
// objects the line decides.
func mergeEqual(fs []diag.Finding) []diag.Finding {
	type key struct {
		rule, file, mapName, field string
		line, col                  int
		object, function           string
		insn                       int
		fromObject                 bool
	}
	index := map[key]int{}
	out := fs[:0:0]
	for i := range fs {
		f := &fs[i]
		k := key{rule: f.Rule, file: f.Span.File, mapName: f.Map, field: f.Field, line: f.Span.Line, col: f.Span.Col}
		if fromObject(f) {
			k.fromObject, k.col = true, 0
		}
		if f.Span.Line == 0 {
			k.object, k.insn, k.function = f.Object, f.Insn, f.Function
		}
		if at, ok := index[k]; ok {
			absorb(&out[at], f)
			continue
		}
		index[k] = len(out)
		out = append(out, *f)
	}
	return out
}

// mergeEvidence puts each finding in an object to the source's finding of the
// same rule on the same line: the one about the same variable, if there are
// several.
func mergeEvidence(fs []diag.Finding) []diag.Finding {
	type key struct {
		rule, file string
		line       int
	}
	bySource := map[key][]int{}
	for i := range fs {
		f := &fs[i]
		if !fromObject(f) && f.Span.Line > 0 {
			k := key{f.Rule, f.Span.File, f.Span.Line}
			bySource[k] = append(bySource[k], i)
		}
	}
	return mergeObjects(fs, func(f *diag.Finding) int {
		best, most := -1, -1
		for _, j := range bySource[key{f.Rule, f.Span.File, f.Span.Line}] {
			if n := likeness(&fs[j], f); n > most {
				best, most = j, n
			}
		}
		return best
	})
}

// movedLines is how far a compiler is taken to move a statement: it puts loads
// before the branches that they are common to, and stores behind them.
const movedLines = 8

// mergeMoved puts a finding in an object to one in its source that the object
// alone does not show: the same rule, variable and program on a line nearby.
// The compiler has moved the access, or merged two, and so changed the line
// that its instructions carry.
func mergeMoved(fs []diag.Finding) []diag.Finding {
	type key struct{ rule, file, mapName string }
	bySource := map[key][]int{}
	for i := range fs {
		f := &fs[i]
		if f.Map != "" && f.Span.Line > 0 && len(f.Evidence) == 1 && f.Evidence[0] == diag.FromSource {
			k := key{f.Rule, f.Span.File, f.Map}
			bySource[k] = append(bySource[k], i)
		}
	}
	return mergeObjects(fs, func(f *diag.Finding) int {
		best, distance := -1, movedLines+1
		for _, j := range bySource[key{f.Rule, f.Span.File, f.Map}] {
			g := &fs[j]
			d := max(g.Span.Line-f.Span.Line, f.Span.Line-g.Span.Line)
			alike := f.Field == g.Field || f.Field == ""
			if d < distance && alike && !slices.Contains(g.Evidence, diag.FromObject) && shareProgram(f, g) {
				best, distance = j, d
			}
		}
		return best
	})
}

// mergeObjects puts each finding in an object that has a line to the one that
// partner gives the index of in fs; -1 leaves it as it is.
func mergeObjects(fs []diag.Finding, partner func(*diag.Finding) int) []diag.Finding {
	merged := make([]bool, len(fs))
	for i := range fs {
		f := &fs[i]
		if !fromObject(f) || f.Span.Line == 0 {
			continue
		}
		if at := partner(f); at >= 0 {
			absorb(&fs[at], f)
			merged[i] = true
		}
	}
	out := fs[:0:0]
	for i := range fs {
		if !merged[i] {
			out = append(out, fs[i])
		}
	}
	return out
}

func shareProgram(a, b *diag.Finding) bool {
	return slices.ContainsFunc(a.Programs, func(p diag.Program) bool { return slices.Contains(b.Programs, p) })
}

// likeness says how much two findings on one line are about the same thing.
func likeness(a, b *diag.Finding) int {
	n := 0
	if a.Map == b.Map {
		n += 4
	}
	if a.Field == b.Field {
		n += 2
	}
	if a.Span.Col == b.Span.Col {
		n++
	}
	return n
}

// absorb adds to f what g, the same finding, knows besides.
func absorb(f, g *diag.Finding) {
	f.Programs = slices.Clone(f.Programs)
	for _, p := range g.Programs {
		if !slices.Contains(f.Programs, p) {
			f.Programs = append(f.Programs, p)
		}
	}
	slices.SortFunc(f.Programs, func(a, b diag.Program) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Section, b.Section))
	})
	f.AgreeOnFix(g)
	f.Evidence = slices.Clone(f.Evidence)
	for _, e := range g.Evidence {
		if !slices.Contains(f.Evidence, e) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	slices.SortFunc(f.Evidence, func(a, b diag.Evidence) int { return cmp.Compare(evidenceOrder(a), evidenceOrder(b)) })
	f.Severity = max(f.Severity, g.Severity)
	f.Confidence = max(f.Confidence, g.Confidence)
	if f.Map == "" {
		f.Map, f.Field = g.Map, g.Field
	}
	if f.Field == "" && f.Map == g.Map {
		f.Field = g.Field
	}
	if f.Object == "" {
		f.Object, f.Insn = g.Object, g.Insn
	}
	if f.Help == "" {
		f.Help = g.Help
	}
}

// agreeOnFixes drops the fixes of text that another finding of the same rule,
// about another map or variable, has no such fix for: a function that is given
// both.
func agreeOnFixes(fs []diag.Finding) {
	type key struct {
		rule string
		span position.Span
	}
	first := map[key]int{}
	for round := range 2 { // what the last one says counts for the first one too
		for i := range fs {
			k := key{fs[i].Rule, fs[i].Span}
			if fs[i].Span.EndLine == 0 || fromObject(&fs[i]) {
				continue
			}
			j, ok := first[k]
			switch {
			case !ok:
				first[k] = i
			case round == 0:
				fs[j].AgreeOnFix(&fs[i])
			default:
				fs[i].AgreeOnFix(&fs[j])
			}
		}
	}
}

func evidenceOrder(e diag.Evidence) int {
	return slices.Index([]diag.Evidence{diag.FromSource, diag.FromObject, diag.FromGo, diag.FromVerifier}, e)
}
