package agreement

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Exceptions are the deviations that were reviewed. A line of the file is
//
//	KIND WHERE FILE SUBJECT RULE : REASON
//
// with the fields of a Deviation. WHERE may be several kernels, separated by
// commas, each of which must then deviate, or * for any kernel. SUBJECT may be *N: exactly N
// deviations of this kind and rule are in the file, whatever their lines.
// Empty lines and those that begin with # are comments.
type Exceptions struct{ entries []*entry }

type entry struct {
	line    int
	kind    Kind
	where   string
	file    string
	subject string
	rule    string
	reason  string
	count   int // of *N, else 1
	used    int
}

// ReadExceptions parses the file.
func ReadExceptions(r io.Reader) (*Exceptions, error) {
	var x Exceptions
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		text := strings.TrimSpace(sc.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		what, reason, ok := strings.Cut(text, " : ")
		fields := strings.Fields(what)
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("line %d: an exception needs a reason after ' : '", n)
		}
		if len(fields) != 5 {
			return nil, fmt.Errorf("line %d: want KIND WHERE FILE SUBJECT RULE : REASON", n)
		}
		kind := Kind(fields[0])
		switch kind {
		case Missed, NotConfirmed, OnlySource, OnlyObject, NoVerdict, OtherPlace:
		default:
			return nil, fmt.Errorf("line %d: unknown kind %q", n, kind)
		}
		count := 1
		if c, ok := strings.CutPrefix(fields[3], "*"); ok {
			var err error
			if count, err = strconv.Atoi(c); err != nil || count < 1 {
				return nil, fmt.Errorf("line %d: %q: want * and a number", n, fields[3])
			}
			fields[3] = "*"
		}
		for _, where := range strings.Split(fields[1], ",") {
			x.entries = append(x.entries, &entry{line: n, kind: kind, where: where, file: fields[2], subject: fields[3],
				rule: fields[4], reason: strings.TrimSpace(reason), count: count})
		}
	}
	return &x, sc.Err()
}

// Reason gives the reason for a deviation, and counts it as used; "" when it is
// not listed.
func (x *Exceptions) Reason(d *Deviation) string {
	for _, e := range x.entries {
		anywhere := e.where == "*" && d.Where != "source"
		if e.kind == d.Kind && (e.where == d.Where || anywhere) && e.file == d.File && e.rule == d.Rule &&
			(e.subject == d.Subject || e.subject == "*") && (e.used < e.count || anywhere) {
			e.used++
			return e.reason
		}
	}
	return ""
}

// Unused lists what is wrong with entries that were not used as often as they
// say, of the kernels or comparisons that were made.
func (x *Exceptions) Unused(compared func(where string) bool) []string {
	var out []string
	for _, e := range x.entries {
		if e.used >= e.count || !compared(e.where) {
			continue
		}
		if e.used > 0 {
			out = append(out, fmt.Sprintf("line %d: only %d of %d are left: lower the number", e.line, e.used, e.count))
			continue
		}
		out = append(out, fmt.Sprintf("line %d: no longer needed (%s): remove it", e.line, e.where))
	}
	return out
}
