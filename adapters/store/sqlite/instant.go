// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"time"
)

var errInstant = errors.New("instant is out of range")

// The instants that an int64 of nanoseconds can hold: 1677 to 2262.
var (
	instantMin = time.Unix(0, math.MinInt64)
	instantMax = time.Unix(0, math.MaxInt64)
)

// instant is a point in time as a column holds it: nanoseconds since 1970, so that
// SQL compares numbers and no zone, format or collation can come between; the zero
// time is NULL.
type instant time.Time

// Value implements driver.Valuer.
func (i instant) Value() (driver.Value, error) {
	t := time.Time(i)
	switch {
	case t.IsZero():
		return nil, nil
	case t.Before(instantMin) || t.After(instantMax):
		return nil, errInstant
	}
	return t.UnixNano(), nil
}

// Scan implements sql.Scanner.
func (i *instant) Scan(column any) error {
	switch v := column.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant(time.Unix(0, v).UTC())
	default:
		return fmt.Errorf("read instant from %T", column)
	}
	return nil
}
