// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"

	"github.com/cartage-dev/cartage/core/idempotency"
)

// Idempotency keeps one record for each scope.
type Idempotency interface {
	// Update reads the scope's record (the zero Record when there is none), applies
	// fn and keeps what fn returned, as one serialised step. An error of fn is
	// returned as it is and nothing is kept; a record returned unchanged costs no write.
	Update(ctx context.Context, scope idempotency.Scope, fn func(idempotency.Record) (idempotency.Record, error)) error
	// Sweeper forgets records past KeepUntil that nobody is working on.
	Sweeper
}
