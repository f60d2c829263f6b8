// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is the outer end of a pseudo terminal; what is shown on it is kept.
type terminal struct {
	outer, inner *os.File

	mu    sync.Mutex
	shown bytes.Buffer
}

func openTerminal(t *testing.T) *terminal {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminal: ", err)
	}
	t.Cleanup(func() { _ = outer.Close() })
	fd := int(outer.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	inner, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	term := &terminal{outer: outer, inner: inner}
	go func() { // ends when the terminal is closed
		part := make([]byte, 4096)
		for {
			n, err := outer.Read(part)
			term.mu.Lock()
			term.shown.Write(part[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.shown.String()
}

// answer waits for a question and types.
func (term *terminal) answer(t *testing.T, question, typed string) {
	t.Helper()
	for range 500 {
		if strings.Contains(term.text(), question) {
			if _, err := term.outer.WriteString(typed); err != nil {
				t.Fatal(err)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it does not ask %q: %q", question, term.text())
}

// TestPromptsOnATerminal types what no pipe can say: Ctrl-C and Ctrl-D.
func TestPromptsOnATerminal(t *testing.T) {
	t.Parallel()
	program := built(t)
	const name, folder, ports = "Name of the plugin: ", "Folder to write it to", "Ports it offers"
	for _, tt := range []struct {
		name  string
		args  []string
		types [][2]string // after which question, and what
		code  int
		says  string
		never string // is asked
	}{
		{"interrupted at once", nil, [][2]string{{name, "\x03"}}, 130, "nothing was written", folder},
		{"interrupted later", nil, [][2]string{{name, "acme\n"}, {folder, "\n"}, {ports, "car\x03"}}, 130, "nothing was written", "Go module"},
		{"left at once", nil, [][2]string{{name, "\x04"}}, 1, "nothing was written", folder},
		{"left later", []string{"acme"}, [][2]string{{folder, "\x04"}}, 1, "nothing was written", ports},
		{"a folder where something is", []string{"full"}, [][2]string{{folder, "\n"}, {"full is not empty", "empty\n"}, {ports, "\x03"}}, 130, "nothing was written", "Go module"},
		{"such a folder by flag", []string{"acme", "--dir", "full"}, nil, 1, "full is not empty; nothing was written", ports},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "full", "of"), 0o700); err != nil {
				t.Fatal(err)
			}
			term := openTerminal(t)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, append([]string{"plugin", "new"}, tt.args...)...)
			cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, term.inner, term.inner, term.inner
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for _, typed := range tt.types {
				term.answer(t, typed[0], typed[1])
			}
			_ = cmd.Wait()
			term.answer(t, tt.says, "") // which may come later than the end
			if got := cmd.ProcessState.ExitCode(); got != tt.code || strings.Contains(term.text(), tt.never) {
				t.Errorf("it ended with %d, want %d: %q", got, tt.code, term.text())
			}
			if held, err := os.ReadDir(dir); err != nil || len(held) != 1 {
				t.Errorf("something was written: %v, %v", held, err)
			}
		})
	}
}
