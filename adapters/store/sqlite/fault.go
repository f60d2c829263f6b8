// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/cartage-dev/cartage/core/fault"
)

// resultCode is SQLite's primary result code in err's chain, and SQLITE_OK when there is none.
func resultCode(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code() & 0xff
	}
	return sqlite3.SQLITE_OK
}

func isFault(err error) bool {
	_, is := errors.AsType[*fault.Error](err)
	return is
}

// notWritten is the fault for an error before COMMIT was sent.
func notWritten(doing string, err error) *fault.Error {
	kind, code := fault.Unavailable, "store_unavailable"
	switch resultCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		code = "store_busy"
	case sqlite3.SQLITE_FULL:
		code = "store_full"
	case sqlite3.SQLITE_READONLY:
		code = "store_read_only"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		code = "store_damaged"
	case sqlite3.SQLITE_INTERRUPT:
		code = "store_timeout"
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE:
		kind, code = fault.Internal, "store_misused"
	}
	switch {
	case errors.Is(err, errInstant):
		kind, code = fault.Internal, "store_misused"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrTxDone):
		code = "store_timeout" // ErrTxDone: database/sql rolled back when the context ended
	}
	return fault.New(kind, code, "%s", doing).Because(err)
}

// commitFault is the fault for an error of COMMIT. Only these say that nothing was
// written: the context was over before it was sent, the lock was not to be had, or
// the disk had no room for the last page, without which the rest is void. After any
// other, such as a failed sync, the pages may be there at the next start.
func commitFault(doing string, err error) *fault.Error {
	switch resultCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL:
		return notWritten(doing, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone) {
		return notWritten(doing, err)
	}
	return fault.New(fault.Unknown, "store_unknown", "%s", doing).Because(err)
}
