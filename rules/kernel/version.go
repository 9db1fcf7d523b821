package kernel

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a kernel release, major and minor ("6.12").
type Version struct{ Major, Minor int }

// Newest is the newest release that the tables know.
var Newest = Version{6, 18}

// ParseVersion reads "6.12", "v6.12", "6.12.3" or "6.1.0-13-amd64".
func ParseVersion(s string) (Version, error) {
	bad := fmt.Errorf("kernel version %q: want MAJOR.MINOR, such as 5.15", s)
	major, rest, ok := strings.Cut(strings.TrimPrefix(s, "v"), ".")
	if !ok {
		return Version{}, bad
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		if rest[end] != '.' && rest[end] != '-' && rest[end] != '+' {
			return Version{}, bad
		}
		rest = rest[:end]
	}
	maj, err1 := strconv.Atoi(major)
	minor, err2 := strconv.Atoi(rest)
	if err1 != nil || err2 != nil || maj < 3 || maj > 99 || minor > 99 {
		return Version{}, bad
	}
	return Version{maj, minor}, nil
}

// String gives "6.12".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// AtLeast reports whether v is major.minor or newer.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Less orders versions.
func (v Version) Less(o Version) bool { return !v.AtLeast(o.Major, o.Minor) }
