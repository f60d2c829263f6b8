// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	drawEvery   = 100 * time.Millisecond
	lookEvery   = 512 // records between two looks at the clock
	barWidth    = 16
	lineDefault = 80 // columns, where a terminal does not say
)

// progress is a line on a terminal that says how far reading is. A nil one says nothing.
type progress struct {
	w           io.Writer
	columns     int
	what        string
	done, total int64
	now         func() time.Time
	begun, last time.Time
}

// newProgress is nil when w is no terminal. A journal may grow beyond total meanwhile.
func newProgress(w io.Writer, what string, total int64) *progress {
	f, is := w.(*os.File)
	if !is {
		return nil
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return nil
	}
	p := &progress{w: w, columns: int(size.Col), what: what, total: total, now: time.Now}
	if p.columns == 0 {
		p.columns = lineDefault
	}
	p.begun = p.now()
	return p
}

// add counts a record.
func (p *progress) add() {
	if p == nil {
		return
	}
	p.done++
	if p.done%lookEvery != 0 {
		return
	}
	if now := p.now(); now.Sub(p.last) >= drawEvery {
		p.last = now
		p.write(p.line(now))
	}
}

// say shows words in the place of the bar.
func (p *progress) say(words string) {
	if p != nil {
		p.write(p.what + "  " + words)
	}
}

// clear leaves the line empty, for whatever is printed next.
func (p *progress) clear() {
	if p != nil {
		p.write("")
	}
}

func (p *progress) write(line string) {
	if runes := []rune(line); len(runes) >= p.columns {
		line = string(runes[:p.columns-1]) // a line that wraps could not be drawn over
	}
	_, _ = fmt.Fprintf(p.w, "\r%s\x1b[K", line)
}

// line is the bar with how much, how fast and how long still.
func (p *progress) line(now time.Time) string {
	total := max(p.total, p.done)
	filled := int(barWidth * p.done / total)
	bar := strings.Repeat("=", filled) + strings.Repeat(" ", barWidth-filled)
	text := fmt.Sprintf("%s  [%s] %3d %%  %d of %d records", p.what, bar, 100*p.done/total, p.done, total)
	spent := now.Sub(p.begun)
	if spent < drawEvery {
		return text
	}
	rate := p.done * int64(time.Second) / int64(spent)
	if rate == 0 {
		return text
	}
	left := time.Duration((total-p.done)/rate) * time.Second
	return fmt.Sprintf("%s  %d/s  %s left", text, rate, left)
}
