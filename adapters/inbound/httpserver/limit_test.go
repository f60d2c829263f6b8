// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"errors"
	"net"
	"testing"
)

// listening is a limited listener, and what its Accepts gave one after another.
func listening(t *testing.T, n int) (l *limited, accepted <-chan net.Conn, failed <-chan error) {
	t.Helper()
	var lc net.ListenConfig
	bound, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l = newLimited(bound, n)
	conns, errs := make(chan net.Conn, 2*n), make(chan error, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				errs <- err
				return
			}
			conns <- c
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return l, conns, errs
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestLimitHoldsConnectionsBackUntilOneIsClosed(t *testing.T) {
	t.Parallel()
	l, accepted, failed := listening(t, 2)
	for range 3 {
		dial(t, l)
	}
	first, second := <-accepted, <-accepted
	for range 2 { // closing twice frees one slot
		_ = first.Close()
	}
	third := <-accepted
	dial(t, l)
	if len(l.slots) != 2 || len(accepted) != 0 {
		t.Errorf("%d connections open and %d accepted beyond the limit of 2", len(l.slots), len(accepted))
	}
	if err := l.Close(); err != nil { // while an Accept waits for a slot
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept = %v, want that the listener is closed", err)
	}
	_, _ = second.Close(), third.Close()
	if len(l.slots) != 0 {
		t.Errorf("%d slots still taken", len(l.slots))
	}
}

func TestLimitedConnectionsEndOneWay(t *testing.T) {
	t.Parallel()
	l, accepted, _ := listening(t, 1)
	client, server := dial(t, l), <-accepted
	defer server.Close()
	if err := server.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the client reads %d bytes, %v; want the end", n, err)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := server.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("the server reads %d bytes, %v; want one", n, err)
	}
}
