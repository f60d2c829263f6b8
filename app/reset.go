// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/adapters/inbound/admin"
)

// resetMax bounds how long a reset waits for what comes of it, and with it how long one
// holds up the stop of the host. By then a plugin that dies at each start has used
// up its tries and is back in quarantine.
const resetMax = 10 * time.Second

// Reset is an operator's word that the cause is mended: the plugin of the backend
// called name is started at once, and what was held against requests is forgotten. It
// returns when the plugin is ready or has come into quarantine again, or when
// resetMax has passed. Without such a backend known are those there are.
func (e *Engine) Reset(ctx context.Context, name string) (done admin.ResetDone, known []string) {
	at := e.current.Load()
	r, ok := at.backends[name]
	if !ok {
		return done, append([]string{}, sortedKeys(at.backends)...)
	}
	began, was := time.Now(), r.plugin.Status()
	r.plugin.Reset()
	ctx, cancel := context.WithTimeout(ctx, resetMax)
	defer cancel()
	is := r.plugin.Settled(ctx, began)
	return admin.ResetDone{
		OK: is.State == pluginhost.Ready, Backend: name, Was: was.State, Is: is.State, Forgiven: was.Refused,
		Breaker: r.guard.State().Breaker, LastExit: is.LastExit, NextTry: is.NextTry,
	}, nil
}
