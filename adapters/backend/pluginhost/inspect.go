// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cartage-dev/cartage/plugins/protocol"
)

// Inspection is what a program says of itself before it is told anything.
type Inspection struct {
	Description protocol.Description
	Protocol    int // the version of the protocol that it chose
	SHA256      string
}

// Inspect starts the program of spec, asks what it is, and ends it. It hands over
// neither settings nor secrets, and judges nothing of what the program says.
func (h *Host) Inspect(ctx context.Context, spec Spec) (found Inspection, err error) {
	if spec.StartTimeout <= 0 {
		spec.StartTimeout = startMax
	}
	spec.Limits = spec.Limits.withDefaults()
	ctx, done, ok := h.roster.begin(ctx)
	if !ok {
		return found, closed()
	}
	defer done()
	loaded, err := load(spec.Path, spec.SHA256)
	if err != nil {
		return found, err
	}
	defer loaded.close()
	found.SHA256 = loaded.sum
	p := &Plugin{
		host: h, spec: spec, program: loaded, redactor: newRedactor(spec.Secrets),
		log: h.log.With("backend", spec.Backend, "plugin", filepath.Base(spec.Path)),
	}
	g, stderr := p.newGeneration() //nolint:contextcheck // what is read outlives the call
	err = found.ask(ctx, g, p, stderr)
	g.end(ctx, shutdownMax)
	if err != nil {
		if words := stderr.lastWords(); words != "" {
			err = fmt.Errorf("%w%s\n%s", err, lastWords, words)
		}
		return found, fmt.Errorf("plugin %s: %w", spec.Path, err)
	}
	return found, nil
}

func (i *Inspection) ask(ctx context.Context, g *generation, p *Plugin, stderr *stderrLog) (err error) {
	if err := g.handshake(ctx, p, stderr); err != nil {
		return err
	}
	i.Protocol = g.client.NegotiatedVersion()
	ctx, cancel := context.WithTimeout(ctx, configureMax)
	defer cancel()
	if i.Description, err = protocol.NewLifecycle(g.conn).Describe(ctx); err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	return nil
}
