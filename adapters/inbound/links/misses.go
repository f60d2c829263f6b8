// SPDX-License-Identifier: Apache-2.0

package links

import "time"

// The bounds of guessing tokens (design: security S08).
const (
	missesMax    = 10 // per client and minute
	missInterval = time.Minute / missesMax
	// triesMax is how many attempts of one client are under way at a time: a mobile
	// network's address is many shoppers', and none of them has missed yet.
	triesMax = 100
)
