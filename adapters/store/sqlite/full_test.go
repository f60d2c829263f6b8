// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"testing"

	"github.com/cartage-dev/cartage/core/fault"
)

// putsMax bounds how many puts a full disk may take to show.
const putsMax = 2_000

// fill puts links until one is refused, and returns those that were not, and how
// the one was.
func fill(t *testing.T, db *DB, size int) (kept []string, refusal error) {
	t.Helper()
	for i := range putsMax {
		h := link(fmt.Sprint("fill ", size, " ", i))
		h.Target = bytes.Repeat([]byte{'x'}, size)
		if err := db.Store().Handoffs.Put(t.Context(), h); err != nil {
			return kept, err
		}
		kept = append(kept, h.Reference)
	}
	t.Fatalf("%d puts of %d bytes, and the disk is not full", putsMax, size)
	return nil, nil
}

// TestFileFull bounds the database file by SQLite's own means, so that it runs anywhere.
func TestFileFull(t *testing.T) {
	t.Parallel()
	db := openAt(t, fresh(t))
	put(t, db, "before")
	limit := func(pages int) {
		onWriter(t, db, func(c *sql.Conn) {
			if _, err := c.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
				t.Fatal(err)
			}
		})
	}
	limit(64)
	kept, err := fill(t, db, 20_000)
	wantFault(t, "Put", err, fault.Unavailable, "store_full")
	wantLive(t, db, append(kept, "before")...)
	if live, err := db.Store().Handoffs.Live(t.Context(), hashOf(fmt.Sprint("fill ", 20_000, " ", len(kept))), noon); live || err != nil {
		t.Errorf("Live of the refused link = %t, %v", live, err)
	}
	limit(1 << 20)
	put(t, db, "after")
	wantLive(t, db, append(kept, "before", "after")...)
}
