// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// The bounds of one connection.
const (
	headerMax     = 16 << 10 // bytes
	headerReadMax = 5 * time.Second
	readMax       = 10 * time.Second
	writeMax      = 20 * time.Second
	idleMax       = 60 * time.Second
)

// server serves the web shop.
type server struct {
	publicURL string
	http      *http.Server
	kept      *state
	done      chan struct{} // closed when it serves no more
	died      atomic.Pointer[error]
}

// serve listens at once, so that a port which is taken is a fault of the settings.
func serve(ctx context.Context, web *shop, set settings, log *slog.Logger) (*server, error) {
	listening := net.ListenConfig{Control: sharePort}
	l, err := listening.Listen(ctx, "tcp", set.Listen)
	if err != nil {
		return nil, sdk.NewFault(sdk.Invalid, "invalid_settings", "settings.listen: cannot listen there").By(sdk.SourceCaller).Because(err).
			With(sdk.Field{Path: "settings.listen", Reason: "unusable", Detail: "must be host:port that nobody else listens at"})
	}
	s := &server{publicURL: set.PublicURL, kept: web.kept, done: make(chan struct{})}
	if s.publicURL == "" {
		s.publicURL = "http://" + reachable(l.Addr())
	}
	handler, err := web.handler(s.publicURL)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.http = &http.Server{
		Handler: handler, MaxHeaderBytes: headerMax, ReadHeaderTimeout: headerReadMax, ReadTimeout: readMax,
		WriteTimeout: writeMax, IdleTimeout: idleMax, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.died.Store(&err)
		}
	}()
	log.Info("web shop is open", "url", s.publicURL)
	return s, nil
}

// reachable is an address to open in a browser on this machine.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return a.String()
}

// check says whether the shop still serves.
func (s *server) check(context.Context) error {
	if err := s.died.Load(); err != nil {
		return sdk.NewFault(sdk.Unavailable, "shop_closed", "the web shop does not serve any more").By(sdk.SourcePlugin).Because(*err)
	}
	return nil
}

// close lets pages that are being written be finished.
func (s *server) close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	return errors.Join(err, s.kept.close())
}
