// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// outputMax bounds what is kept of what one process says in one place, in bytes.
const outputMax = 4 << 20

// output is all that a process said: beyond the handshake on stdout, on stderr,
// and what it printed after a library had put pipes in the place of both.
type output struct {
	mu                    sync.Mutex
	stdout, stderr, piped bytes.Buffer
}

// take reads from until its end into one of the buffers.
func (o *output) take(into *bytes.Buffer, from io.Reader) {
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		o.add(into, part[:n])
		if err != nil {
			return
		}
	}
}

func (o *output) add(into *bytes.Buffer, text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	into.Write(text[:min(len(text), outputMax-into.Len())])
}

// saidOnStdout is what came on stdout behind the handshake.
func (o *output) saidOnStdout() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stdout.String()
}

// logged is stderr, line by line.
func (o *output) logged() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Split(strings.TrimRight(o.stderr.String(), "\n"), "\n")
}

// all is everything, to be searched.
func (o *output) all() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stdout.String() + "\n" + o.stderr.String() + "\n" + o.piped.String()
}

// lastWords is the end of what it said beside stdout, for people.
func (o *output) lastWords() string {
	o.mu.Lock()
	said := strings.TrimSpace(o.piped.String() + "\n" + o.stderr.String())
	o.mu.Unlock()
	lines := strings.Split(said, "\n")
	text := strings.Join(lines[max(0, len(lines)-lastLines):], " | ")
	if len(text) > lastBytes {
		text = "…" + strings.ToValidUTF8(text[len(text)-lastBytes:], "")
	}
	return text
}

const (
	lastLines = 6
	lastBytes = 500
)
