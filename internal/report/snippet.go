package report

import (
	"strings"
	"unicode/utf8"
)

const (
	tabWidth = 4
	// maxColumns is the longest snippet: a generated line of a megabyte is cut
	// around what it is shown for.
	maxColumns = 160
)

// cell is what one rune of the source becomes on the terminal.
type cell struct {
	text   string
	width  int
	marked bool
}

// render gives a line of source as safe text, and below it the marks under the
// bytes [from, to). A position behind the line's end is marked there.
func render(line []byte, from, to int, mark byte) (text, marks string) {
	var cells []cell
	whole := string(line)
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		c := cell{marked: i >= from && i < to}
		switch {
		case r == '\t':
			c.text, c.width = strings.Repeat(" ", tabWidth), tabWidth
		case r == '#' && inCommand(whole, i):
			c.text, c.width = `\x23`, 4
		default:
			var b strings.Builder
			writeClean(&b, string(line[i:i+size]), r)
			c.text = b.String()
			if c.width = width(r); dangerous(r) || r == utf8.RuneError && size == 1 {
				c.width = len(c.text)
			}
		}
		cells = append(cells, c)
		i += size
	}
	if from >= len(line) {
		cells = append(cells, cell{text: " ", width: 1, marked: true})
	}
	cells, cutLeft, cutRight := window(cells)

	var tb, mb strings.Builder
	if cutLeft {
		tb.WriteString("...")
		mb.WriteString("   ")
	}
	for _, c := range cells {
		tb.WriteString(c.text)
		sign := " "
		if c.marked {
			sign = string(mark)
		}
		mb.WriteString(strings.Repeat(sign, c.width))
	}
	if cutRight {
		tb.WriteString("...")
	}
	return strings.TrimRight(tb.String(), " "), strings.TrimRight(mb.String(), " ")
}

// window cuts a long line to the part around its first mark.
func window(cells []cell) (part []cell, cutLeft, cutRight bool) {
	total, first := 0, -1
	for i, c := range cells {
		total += c.width
		if c.marked && first < 0 {
			first = i
		}
	}
	if total <= maxColumns {
		return cells, false, false
	}
	start, room := max(first, 0), maxColumns/3
	for start > 0 && room > 0 {
		start--
		room -= cells[start].width
	}
	end, room := start, maxColumns
	for end < len(cells) && room > 0 {
		room -= cells[end].width
		end++
	}
	return cells[start:end], start > 0, end < len(cells)
}
