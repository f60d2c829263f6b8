// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/plugins/protocol/protocoltest"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// VerifyPlugin holds a built plugin to every rule of VerifyRules that options choose; see protocoltest.Run.
func VerifyPlugin(ctx context.Context, p protocoltest.Program, s backendtest.Sample, o protocoltest.Options) (backendtest.Report, error) {
	o.Also = append(o.Also, launches(p))
	return protocoltest.Run(ctx, p, s, o)
}

// VerifyRules are the rules of the protocol and the ports, and one of this host's own.
func VerifyRules() []backendtest.Rule {
	return protocoltest.Rules(launches(protocoltest.Program{}))
}

// launches is the rule over what no kit can know: this host's limits, and how it
// reads a schema.
func launches(p protocoltest.Program) protocoltest.Also {
	return protocoltest.Also{
		Rule: backendtest.Rule{ID: "host.launches", Promise: "Cartage itself reads its schema, finds the settings right, runs it within limits, and stops it."},
		Check: func(ctx context.Context, t *backendtest.T) {
			took, err := launch(ctx, p)
			if err == nil {
				t.Exchange("a launch by the host", "ready after "+took.Round(time.Millisecond).String())
				return
			}
			t.Breach("a launch and a check without a fault", plainly(err).Error())
		},
	}
}

// launch starts the plugin as serve would, asks whether its commerce system is there, and stops it.
func launch(ctx context.Context, p protocoltest.Program) (took time.Duration, err error) {
	host, err := pluginhost.New(pluginhost.Options{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, host.Close(context.WithoutCancel(ctx))) }()
	began := time.Now()
	running, err := host.Launch(ctx, pluginhost.Spec{Backend: "verify", Path: p.Path, Settings: p.Settings, Secrets: p.Secrets, Env: p.Env})
	if err != nil {
		return 0, err
	}
	return time.Since(began), running.Check(ctx)
}
