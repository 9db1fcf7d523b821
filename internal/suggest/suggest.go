// Package suggest guesses what a mistyped word was meant to be.
package suggest

import (
	"fmt"
	"strings"
)

// DidYouMean gives `, did you mean "x"?` for the known word nearest to a
// mistyped one; "" when none is near.
func DidYouMean(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	return ""
}

// Nearest gives the known word with the least edit distance, at most a third
// of the word's length (and at least 1) and less than that length; the first of equals, "" for none.
func Nearest(word string, known []string) string {
	if len(word) > 100 {
		return ""
	}
	best, least := "", max(len(word)/3, 1)+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least && d < len(word) {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance, in bytes, with a swap of two
// neighbours as one step.
func distance(a, b string) int {
	prev2, prev := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, cur
	}
	return prev[len(b)]
}
