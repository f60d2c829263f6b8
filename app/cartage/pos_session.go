// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of what is typed.
const (
	tillLineMax  = 4 << 10 // bytes of a line, its end included
	tillStepsMax = 1_000   // commands without a terminal
)

// session is somebody, or a script, at a till.
type session struct {
	till  *till
	text  io.Writer
	asks  bool // somebody is there
	steps int
}

var errQuit = errors.New("quit")

// run takes commands until they end. A failure is only reported to somebody who is there;
// a script ends with it, unless the next command expects just that status.
func (s *session) run(ctx context.Context, in io.Reader) error {
	if s.asks {
		s.greet()
		s.tell(s.step(ctx, "new"))
	}
	var failed error
	reading, done := context.WithCancel(ctx)
	defer done()
	lines := readLines(reading, in)
	for {
		line, err := s.next(ctx, lines)
		if err != nil {
			s.leave()
			if errors.Is(err, io.EOF) {
				return failed
			}
			return errors.Join(failed, err)
		}
		for _, command := range strings.Split(line, ";") {
			command = strings.TrimSpace(command)
			if strings.HasPrefix(command, "#") || command == "" && !s.asks {
				continue
			}
			if failed, err = s.after(ctx, failed, command); err != nil {
				s.leave()
				if errors.Is(err, errQuit) {
					return failed
				}
				return err
			}
		}
	}
}

// after does the next command, with what the one before has left open; an error ends the session.
func (s *session) after(ctx context.Context, failed error, command string) (open, end error) {
	if failed != nil && !expectsStatus(command) {
		return nil, failed
	}
	if s.steps++; s.steps > tillStepsMax && !s.asks {
		return nil, fmt.Errorf("more than %d commands", tillStepsMax)
	}
	if !s.asks {
		_, _ = fmt.Fprintf(s.text, "> %s\n", plain(command))
	}
	err := s.step(ctx, command)
	switch {
	case errors.Is(err, errQuit):
		return failed, err
	case s.asks:
		s.tell(err)
		return nil, nil
	case err == nil:
		return nil, nil
	}
	err = fmt.Errorf("step %d, %s: %w", s.steps, plain(command), err)
	if _, answered := errors.AsType[*notDone](err); answered {
		return err, nil
	}
	return nil, errors.Join(failed, err)
}

func expectsStatus(command string) bool {
	f := strings.Fields(command)
	return len(f) > 1 && (f[0] == "expect" || f[0] == "e") && f[1] == "status"
}

func (s *session) greet() {
	t := s.till
	t.say("\n  A till of shop %s, %s, with app %s. It asks %s.\n", t.shopName, t.at.Domain, t.app, t.wire.host)
}

func (s *session) tell(err error) {
	if err != nil {
		s.till.say("  ! %s", wrapped(err.Error()))
	}
}

// wrapped breaks long lines, and indents all but the first.
func wrapped(text string) string {
	const widest = 92
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		column := 0
		for j, word := range strings.Fields(line) {
			switch {
			case i+j == 0:
			case j == 0 || column+1+len(word) > widest:
				b.WriteString("\n    ")
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
	}
	return b.String()
}

// leave says what stays behind.
func (s *session) leave() {
	if t := s.till; t.open != nil && len(t.open.discounts) > 0 {
		t.say("  The discount is neither sold nor taken off: its points stay held, as when a till's battery dies.")
	}
}

// next waits for a line.
func (s *session) next(ctx context.Context, lines <-chan typedLine) (string, error) {
	if s.asks {
		_, _ = fmt.Fprint(s.text, "\n  "+s.till.choices()+"\n  pos> ")
	}
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(s.text)
		if s.asks {
			return "", io.EOF
		}
		return "", ctx.Err()
	case line := <-lines:
		if line.err != nil && s.asks {
			_, _ = fmt.Fprintln(s.text)
		}
		return line.text, line.err
	}
}

// choices are what can be done now.
func (t *till) choices() string {
	var all []string
	switch {
	case t.open != nil:
		if t.screen != nil && len(t.screen.Actions) > 0 {
			tap := "1 tap"
			if n := len(t.screen.Actions); n > 1 {
				tap = fmt.Sprintf("1-%d tap", n)
			}
			all = append(all, tap)
		}
		if len(t.open.discounts) > 0 {
			all = append(all, "r remove discount")
		}
		all = append(all, "s sale", "a abandon")
	case t.sold != nil && !t.sold.over:
		all = append(all, "x cancel that order", "f refund part of it")
	}
	return strings.Join(append(all, "n new order", "t last request", "? help", "q quit"), " · ")
}

type typedLine struct {
	text string
	err  error
}

// readLines reads beside its caller, so that an interrupt is heard at once. It ends with ctx,
// but for a read of a terminal, which nothing can end and which lasts as long as the program.
func readLines(ctx context.Context, in io.Reader) <-chan typedLine {
	lines := make(chan typedLine)
	hand := func(line typedLine) bool {
		select {
		case lines <- line:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		r := bufio.NewScanner(in)
		r.Buffer(nil, tillLineMax)
		for r.Scan() {
			if !hand(typedLine{text: r.Text()}) {
				return
			}
		}
		err := r.Err()
		switch {
		case err == nil:
			err = io.EOF
		case errors.Is(err, bufio.ErrTooLong):
			err = fmt.Errorf("a line has at most %d bytes", tillLineMax-1)
		}
		hand(typedLine{err: err})
	}()
	return lines
}
