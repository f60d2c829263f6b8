// SPDX-License-Identifier: Apache-2.0

// Command bench compares the same cart transfer through a plugin process and
// through the same adapter called in the host's own process: whole hosts, side by
// side in one run, alternating. Then it puts the load of a busy day on one host: tills,
// webhooks and carts at once. It prints a table of each; `make bench` runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

const secret = "bench-secret" // of a host that lives for the length of this run

func main() {
	rate := flag.Int("rate", 100, "transfers a second for the latencies")
	span := flag.Duration("span", 5*time.Second, "how long each measurement takes")
	rounds := flag.Int("rounds", 4, "how often both sides are measured, in turns; 0 leaves the comparison out")
	mixedRate := flag.Int("mixed-rate", 500, "requests a second of the mixed load; 0 leaves it out")
	mixedSpan := flag.Duration("mixed-span", 15*time.Second, "how long the mixed load takes")
	role := flag.String("role", "", "used by the program itself: shop, plugin or inprocess")
	shopURL := flag.String("shop", "", "used by the program itself")
	flag.Parse()
	var err error
	switch *role {
	case "":
		if *rounds > 0 {
			err = compare(*rate, *span, *rounds)
		}
		if err == nil && *mixedRate > 0 {
			err = mixed(*mixedRate, *mixedSpan)
		}
	case "shop":
		err = runShop(*shopURL)
	default:
		err = runHost(*role == "inprocess", *shopURL)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
