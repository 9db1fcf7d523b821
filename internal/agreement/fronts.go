package agreement

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// CheckReport is what "check --format json" writes, as far as it is needed.
type CheckReport struct {
	Findings []Finding `json:"findings"`
	Skipped  []Skip    `json:"skipped"`
	Summary  struct {
		Files    int `json:"files"`
		Programs int `json:"programs"`
	} `json:"summary"`
}

// Skip is a part that was not analysed.
type Skip struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Function string `json:"function"`
	Reason   string `json:"reason"`
}

// ReadCheck reads a report.
func ReadCheck(r io.Reader) (*CheckReport, error) {
	var c CheckReport
	if err := json.NewDecoder(r).Decode(&c); err != nil {
		return nil, fmt.Errorf("not a report of check: %w", err)
	}
	return &c, nil
}

// Panics lists the skips that an internal error of the tool caused.
func (c *CheckReport) Panics() []Skip {
	return slices.DeleteFunc(slices.Clone(c.Skipped), func(s Skip) bool { return !strings.Contains(s.Reason, "internal error") })
}

// FrontFigures count the findings of the two front ends over the same programs.
type FrontFigures struct {
	// Both front ends have a finding of the same rule on the same line; or only
	// one of them has it.
	Both, OnlySource, OnlyObject int
	// Unanalysed are those of the objects in functions that the C front end says
	// it cannot analyse (inline assembly).
	Unanalysed int
}

// Shares are the part of the source's findings that the object has, too, and
// the other way round; of the objects' only those in functions that both
// analyse.
func (f FrontFigures) Shares() (ofSource, ofObject float64) {
	part := func(others int) float64 {
		if f.Both+others == 0 {
			return 1
		}
		return float64(f.Both) / float64(f.Both+others)
	}
	return part(f.OnlySource), part(f.OnlyObject)
}

type frontKey struct {
	rule, file string
	line       int
}

// Fronts compares the findings of sources and of the objects compiled from
// them. Relative paths are relative to root.
func Fronts(source, object *CheckReport, root string) (FrontFigures, []Deviation) {
	name := func(file string) string {
		if filepath.IsAbs(file) {
			if rel, err := filepath.Rel(root, file); err == nil {
				file = rel
			}
		}
		return filepath.ToSlash(filepath.Clean(file))
	}
	index := func(r *CheckReport) map[frontKey]*Finding {
		m := map[frontKey]*Finding{}
		for i := range r.Findings {
			f := &r.Findings[i]
			m[frontKey{f.Rule, name(f.File), f.Line}] = f
		}
		return m
	}
	src, obj := index(source), index(object)
	skipped := map[string]bool{}
	for _, s := range source.Skipped {
		skipped[name(s.File)+"\x00"+s.Function] = true
		// BPF_PROG's function is ____name.
		skipped[name(s.File)+"\x00"+strings.TrimLeft(s.Function, "_")] = true
	}
	var f FrontFigures
	var ds []Deviation
	add := func(kind Kind, k frontKey, x *Finding) {
		ds = append(ds, Deviation{Kind: kind, Where: "source", File: k.file, Subject: strconv.Itoa(k.line), Rule: k.rule,
			Text: x.Function + ": " + x.Message})
	}
	for k, x := range src {
		if obj[k] != nil {
			f.Both++
			continue
		}
		f.OnlySource++
		add(OnlySource, k, x)
	}
	for k, x := range obj {
		switch {
		case src[k] != nil:
		case skipped[k.file+"\x00"+x.Function]:
			f.Unanalysed++
		default:
			f.OnlyObject++
			add(OnlyObject, k, x)
		}
	}
	slices.SortFunc(ds, func(a, b Deviation) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Rule, b.Rule), compareNumbers(a.Subject, b.Subject))
	})
	return f, ds
}

func compareNumbers(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return cmp.Compare(x, y)
}
