package verifier

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// The guest tells its results as lines
//
//	@blc SEQ CRC BASE64
//
// on a serial line. What the kernel prints in between, or into the midst of a
// line, cannot be taken for a frame, because of the checksum, and a frame that
// got lost is noticed by its number.
const frameMark = "@blc "

// frame is one message of the guest. One field is set.
type frame struct {
	Hello      *hello      `json:"hello,omitempty"`
	Load       *Load       `json:"load,omitempty"`
	Unreadable *Unreadable `json:"unreadable,omitempty"`
	Error      string      `json:"error,omitempty"`
	Done       bool        `json:"done,omitempty"`
}

type hello struct {
	Release string `json:"release"`
}

// frameWriter numbers and writes frames.
type frameWriter struct {
	w   io.Writer
	seq int
}

func (fw *frameWriter) send(f frame) error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	// The newline before ends whatever the kernel is in the middle of.
	_, err = fmt.Fprintf(fw.w, "\n%s%d %08x %s\n", frameMark, fw.seq, crc32.ChecksumIEEE(b), base64.StdEncoding.EncodeToString(b))
	fw.seq++
	return err
}

// frameReader finds the frames among other lines.
type frameReader struct {
	next int
	// lost counts the frames that never arrived whole.
	lost int
}

// line gives the frame on a line, if there is one.
func (fr *frameReader) line(s string) (f frame, ok bool) {
	i := strings.LastIndex(s, frameMark)
	if i < 0 {
		return f, false
	}
	parts := strings.Fields(s[i+len(frameMark):])
	if len(parts) != 3 {
		return f, false
	}
	seq, err := strconv.Atoi(parts[0])
	if err != nil {
		return f, false
	}
	crc, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return f, false
	}
	b, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || crc32.ChecksumIEEE(b) != uint32(crc) || json.Unmarshal(b, &f) != nil {
		return frame{}, false
	}
	if seq < fr.next {
		return frame{}, false
	}
	fr.lost += seq - fr.next
	fr.next = seq + 1
	return f, true
}
