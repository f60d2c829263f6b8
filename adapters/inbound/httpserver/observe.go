// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// noRoute is the route of a request that matched none.
const noRoute = "none"

// figures count and time requests.
type figures struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newFigures(reg prometheus.Registerer) figures {
	return figures{
		requests: Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_http_requests_total", Help: "HTTP requests answered; status 599 is an answer that was cut off.",
		}, []string{"listener", "route", "method", "status"})),
		seconds: Register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cartage_http_request_seconds", Help: "Time from a request's header to the end of its handler.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"listener", "route"})),
	}
}

// Register gives c to reg, or returns the collector of the same description that
// reg has already, so that several listeners may share one. A nil reg takes nothing.
func Register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	if reg == nil {
		return c
	}
	var there prometheus.AlreadyRegisteredError
	if err := reg.Register(c); errors.As(err, &there) {
		if same, ok := there.ExistingCollector.(C); ok {
			return same
		}
	}
	return c
}

// observe counts and logs one answered request.
func (s *wall) observe(r *http.Request, out *recorder, v *visit, began time.Time) {
	took, method := time.Since(began), methodLabel(r.Method)
	if out.status == 0 {
		out.status = http.StatusOK // net/http writes it when a handler wrote nothing
	}
	if v.route == "" && r.Method != http.MethodConnect { // the mux makes a pattern up of the path where it redirects a CONNECT
		v.route = r.Pattern
	}
	if v.route == "" {
		v.route = noRoute
	}
	s.figures.requests.WithLabelValues(s.name, v.route, method, strconv.Itoa(out.status)).Inc()
	s.figures.seconds.WithLabelValues(s.name, v.route).Observe(took.Seconds())
	level := slog.LevelDebug
	if out.status >= http.StatusInternalServerError {
		level = slog.LevelInfo
	}
	s.log.LogAttrs(r.Context(), level, "request answered",
		slog.String("listener", s.name), slog.String("request_id", v.requestID), slog.String("route", v.route),
		slog.String("method", method), slog.Int("status", out.status), slog.Int64("bytes", out.bytes),
		slog.Int64("took_ms", took.Milliseconds()), slog.String("client_ip", v.client.String()))
}
