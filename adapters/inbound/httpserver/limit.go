// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"net"
	"sync"
)

// limited is a listener that has so many connections open at most; more wait to be
// accepted. Unlike those of x/net/netutil its connections can end one way: so
// net/http lets a client read the answer to what was not read whole, such as a
// header beyond the limit, where closing would make the kernel throw it away.
type limited struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	close  func()
}

func newLimited(l net.Listener, n int) *limited {
	closed := make(chan struct{})
	return &limited{l, make(chan struct{}, n), closed, sync.OnceFunc(func() { close(closed) })}
}

// Accept waits for a free slot first.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slot{c, sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close also ends an Accept that waits for a slot.
func (l *limited) Close() error {
	l.close()
	return l.Listener.Close()
}

// slot is a connection that frees its slot once.
type slot struct {
	net.Conn
	free func()
}

func (s *slot) Close() error {
	defer s.free()
	return s.Conn.Close()
}

// CloseWrite says that nothing more comes; net/http looks for it by this name.
func (s *slot) CloseWrite() error {
	if c, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}
