// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"
)

// side is one of the two hosts and what was measured of it, a figure for each round.
type side struct {
	name   string
	host   *process
	client *client
	cpu    []float64 // microseconds of CPU a transfer at the fixed rate, host and plugin together
	full   []float64 // the same, with every caller at it without a pause
	p50    []float64 // milliseconds
	p99    []float64
	most   []float64 // transfers a second
}

const callers = 16 // of a measurement without a pause

func compare(rate int, span time.Duration, rounds int) error {
	dir, err := os.MkdirTemp("", "cartage-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	plugin := filepath.Join(dir, "httpcart")
	if err := build(plugin, "./app/e2e/bench/plugin"); err != nil {
		return err
	}
	shop, err := startShop()
	if err != nil {
		return err
	}
	defer shop.stop()
	at := "http://" + shop.address
	var sent atomic.Int64
	var sides []*side
	for _, role := range []string{"inprocess", "plugin"} {
		host, err := startHost(role, filepath.Join(dir, role), at, fmt.Sprintf(`
backends:
  httpcart: {plugin: %q, settings: {base_url: %q}}
shops:
  bench:
    currencies: [GBP]
    backends: {carts: httpcart}
    checkout_hosts: [%q]
    poq: {secrets: [%s]}
`, plugin, at, at, secret))
		if err != nil {
			return err
		}
		defer host.stop()
		sides = append(sides, &side{name: role, host: host, client: newClient("http://"+host.address, &sent)})
	}
	for round := range rounds + 1 { // the first one warms up
		for _, s := range sides {
			if err := s.measure(rate, span); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if round == 0 {
				s.cpu, s.full, s.p50, s.p99, s.most = nil, nil, nil, nil, nil
			}
		}
		_, _ = fmt.Fprintf(os.Stderr, "round %d of %d done\n", round, rounds)
	}
	report(rate, span, rounds, sides[0], sides[1])
	return nil
}

func build(plugin, from string) error {
	if out, err := exec.Command("go", "build", "-o", plugin, from).CombinedOutput(); err != nil { //nolint:gosec,noctx // G204: a build of our own
		return fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return nil
}

func (s *side) measure(rate int, span time.Duration) error {
	before, err := s.host.cpu()
	if err != nil {
		return err
	}
	took, err := s.client.atRate(rate, span)
	if err != nil {
		return err
	}
	after, err := s.host.cpu()
	if err != nil {
		return err
	}
	most, err := s.client.flatOut(callers, span)
	if err != nil {
		return err
	}
	last, err := s.host.cpu()
	if err != nil {
		return err
	}
	s.cpu = append(s.cpu, float64((after-before).Microseconds())/float64(len(took)))
	s.full = append(s.full, float64((last-after).Microseconds())/(most*span.Seconds()))
	s.p50 = append(s.p50, milliseconds(took.at(0.50)))
	s.p99 = append(s.p99, milliseconds(took.at(0.99)))
	s.most = append(s.most, most)
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func report(rate int, span time.Duration, rounds int, in, out *side) {
	fmt.Printf("cart transfer of 5 lines, 5 calls to a local HTTP shop, SQLite with fsync; medians of %d rounds of %s, sides alternating\n", rounds, span)
	showLoad()
	fmt.Printf("%-34s %12s %12s %8s\n", "", "in process", "plugin", "ratio")
	for _, row := range []struct {
		name    string
		in, out []float64
	}{
		{fmt.Sprintf("CPU per transfer at %d/s (µs)", rate), in.cpu, out.cpu},
		{fmt.Sprintf("CPU per transfer, %d callers (µs)", callers), in.full, out.full},
		{fmt.Sprintf("p50 at %d/s (ms)", rate), in.p50, out.p50},
		{fmt.Sprintf("p99 at %d/s (ms)", rate), in.p99, out.p99},
		{fmt.Sprintf("throughput, %d callers (1/s)", callers), in.most, out.most},
	} {
		a, b := median(row.in), median(row.out)
		fmt.Printf("%-34s %12.2f %12.2f %8.2f\n", row.name, a, b, b/a)
	}
	fmt.Printf("%-34s %12s %12.0f\n", "the hop at p50 (µs)", "", (median(out.p50)-median(in.p50))*1000)
}

// showLoad says who else was at work: figures are worth little beside busy neighbours.
func showLoad() {
	load, _ := os.ReadFile("/proc/loadavg") // none where there is no such file
	fmt.Printf("load average at the end: %s\n", load)
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
