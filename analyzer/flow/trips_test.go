package flow

import (
	"math"
	"testing"
)

func TestCount(t *testing.T) {
	for _, c := range []struct {
		name        string
		start       interval
		limit       interval
		step, ahead int64
		want        int64
	}{
		{"i = 0; i < 64; i++", constant(0), constant(64), 1, 0, 64},
		{"i = 8; i != 4096; i += 8", constant(8), constant(4096), 8, 0, 511},
		{"i = 0; i < 10; i += 4", constant(0), constant(10), 4, 0, 3},
		{"i = 128; i > 0; i--", constant(128), constant(0), -1, 0, 128},
		{"tested after the step", constant(0), constant(64), 1, 1, 63},
		{"a limit of a range", constant(0), interval{0, 63}, 1, 0, 63},
		{"from a range", interval{5, 20}, constant(30), 1, 0, 25},
		{"past it from the start", constant(70), constant(64), 1, 0, -1},
		{"no limit", constant(0), anyInt, 1, 0, -1},
		{"no start", anyInt, constant(64), 1, 0, -1},
		{"down from anywhere", interval{0, math.MaxInt64}, constant(0), -1, 0, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := count(c.start, c.limit, c.step, c.ahead); got != c.want {
				t.Errorf("count = %d, want %d", got, c.want)
			}
		})
	}
}
