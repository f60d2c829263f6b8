// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// connectionsMax bounds the connections of one listener; more wait to be accepted.
const connectionsMax = 4_096

// Options are the settings of one listener.
type Options struct {
	Name   string // in logs and metrics: api, admin
	Listen string // host:port

	ReadHeaderTimeout, ReadTimeout, WriteTimeout, IdleTimeout time.Duration

	MaxHeaderBytes int
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Logger         *slog.Logger
	// Registerer takes the figures; several listeners may share one. Nil keeps them to ourselves.
	Registerer prometheus.Registerer
}

// Server is one listener. It is started once and stopped once.
type Server struct {
	name, listen string
	http         *http.Server
	listener     net.Listener
	done         chan error
	ended        chan struct{} // closed once the serving goroutine is gone
}

// New makes a server that hands every request to h, through Wrap. It binds nothing yet.
func New(o Options, h http.Handler) *Server {
	return &Server{name: o.Name, listen: o.Listen, done: make(chan error, 1), ended: make(chan struct{}), http: &http.Server{
		Handler:           Wrap(o, h),
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		ReadTimeout:       o.ReadTimeout,
		WriteTimeout:      o.WriteTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    o.MaxHeaderBytes,
		// Else net/http answers OPTIONS * itself, past the wall.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(complaints{o.Logger, o.Name}, "", 0),
	}}
}

// Start binds the address and serves until Stop. Its error names the address.
func (s *Server) Start(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen on %s for %s: the address is in use; stop the program that holds it, or give this listener another address: %w", s.listen, s.name, err)
	}
	if err != nil {
		return fmt.Errorf("listen on %s for %s: %w", s.listen, s.name, err)
	}
	s.listener = l
	go func() {
		defer close(s.ended)
		defer close(s.done)
		if err := s.http.Serve(newLimited(l, connectionsMax)); !errors.Is(err, http.ErrServerClosed) {
			s.done <- fmt.Errorf("serve %s: %w", s.name, err)
		}
	}()
	return nil
}

// Addr is where the server listens, and nil before Start.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Done yields the error of a server that stopped serving by itself, and is closed
// once nothing is accepted any more.
func (s *Server) Done() <-chan error { return s.done }

// Stop accepts nothing more and waits for the requests in flight; those that
// outlast ctx are cut off, and the error says so.
func (s *Server) Stop(ctx context.Context) error {
	if s.listener == nil {
		return nil
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("drain %s: %w", s.name, err), s.http.Close())
	}
	<-s.ended
	return err
}

// complaints turns the standard library's own messages into log records.
type complaints struct {
	log  *slog.Logger
	name string
}

func (c complaints) Write(text []byte) (int, error) {
	c.log.Warn("http server complains", "listener", c.name, "complaint", Printable(strings.TrimSpace(string(text))))
	return len(text), nil
}
