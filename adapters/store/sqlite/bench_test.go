// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cartage-dev/cartage/core/idempotency"
)

// BenchmarkUpdate keeps a new record with each call, from so many callers.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			db, err := Open(b.Context(), Options{Path: b.TempDir() + "/cartage.db"})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = db.Close() })
			records := db.Store().Idempotency
			var n atomic.Int64
			b.SetParallelism((callers + 1) / 2)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					scope := idempotency.Scope{Shop: "s", Operation: "o", Name: strconv.FormatInt(n.Add(1), 10)}
					err := records.Update(b.Context(), scope, func(r idempotency.Record) (idempotency.Record, error) {
						r.Generation++
						return r, nil
					})
					if err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
