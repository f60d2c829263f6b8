// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// Not all of an action or a sale follows from the journal: when a hold runs out does not, nor what
// an order was paid, nor who a customer is. SQLite does not notice a bit that turned in there, so each row, with those
// that belong to it, has a seal. It is there against rot and hasty hands, and no secret.

// sealBytes is as much of a SHA-256 as a row keeps.
const sealBytes = 16

func seal(parts ...any) []byte {
	h := sha256.New()
	for _, part := range parts {
		text := fmt.Sprint(part)
		h.Write([]byte(strconv.Itoa(len(text)) + ":" + text))
	}
	return h.Sum(nil)[:sealBytes]
}

// nanos is an instant as its column has it.
func nanos(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

// sealAction is the seal of an action; whose it is goes by the customer's number.
func sealAction(s shop.ID, number sql.NullInt64, a loyalty.Action) []byte {
	parts := []any{s, a.ID, a.State, number.Int64, int64(a.Points), nanos(a.IssuedAt), nanos(a.HeldAt), nanos(a.ExpiresAt), a.Unconfirmed, a.Generation, a.Keeper}
	for _, c := range a.Captures {
		parts = append(parts, c.Order, int64(c.Held), int64(c.Available), int64(c.Shortfall), int64(c.Returned))
	}
	return seal(parts...)
}

// sealSale is the seal of a sale with its refunds.
func sealSale(s shop.ID, number sql.NullInt64, x loyalty.Sale) []byte {
	parts := []any{s, x.Order, x.Placed, number.Int64, x.Total.Currency, x.Total.Minor, words(x.Actions), x.Cancelled, int64(x.Earned), int64(x.Clawed), x.Keeper}
	for _, r := range x.Refunds {
		parts = append(parts, r.ID, r.Amount.Currency, r.Amount.Minor)
	}
	return seal(parts...)
}

func checkAction(s shop.ID, number sql.NullInt64, a loyalty.Action, sealed []byte) error {
	if !bytes.Equal(sealAction(s, number, a), sealed) {
		return altered("action %s is %s with %d points, which is not what was written", a.ID, a.State, a.Points)
	}
	return nil
}

func checkSale(s shop.ID, number sql.NullInt64, x loyalty.Sale, sealed []byte) error {
	if !bytes.Equal(sealSale(s, number, x), sealed) {
		return altered("order %s earned %d, with %d taken back, which is not what was written", x.Order, x.Earned, x.Clawed)
	}
	return nil
}

// checkCustomer holds a customer's name to the number that the journal knows.
func checkCustomer(s shop.ID, number int64, name string, sealed []byte) error {
	if !bytes.Equal(seal(s, number, name), sealed) {
		return altered("customer %d is not who it was", number)
	}
	return nil
}

// altered is the fault for a row that somebody else has changed, or the disk.
func altered(format string, args ...any) error {
	return fault.New(fault.Unavailable, "store_altered", format, args...)
}
