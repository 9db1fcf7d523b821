package analyzer

// whole gives the units less the fragments: .c files that were found in a folder,
// that lack something, and that another of the units includes and so gives what
// they lack. All that is in them is reported as part of that unit.
func (c *collector) whole(units []*unitResult) []*unitResult {
	includer := map[string]string{}
	for _, u := range units {
		if u.broken {
			continue
		}
		for _, abs := range u.included {
			if abs != u.input.abs && includer[abs] == "" {
				includer[abs] = u.input.path
			}
		}
	}
	var out []*unitResult
	for _, u := range units {
		by := includer[u.input.abs]
		if u.input.kind != kindC || u.input.named || by == "" || !u.broken && len(u.skipped) == 0 {
			out = append(out, u)
			continue
		}
		c.res.Files = append(c.res.Files, u.input.path)
		c.note("no unit of its own, so analysed where it is included, by " + by + ": " + u.input.path)
	}
	return out
}
