// SPDX-License-Identifier: Apache-2.0

package shadow

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of what WriteText shows; JSON has all.
const (
	textSKUsMax     = 5 // of each kind
	textFaultsMax   = 10
	textExamplesMax = 10
)

const textTime = "2006-01-02 15:04:05"

// WriteText writes the report for people at a terminal, in UTF-8 without colours.
func (r Report) WriteText(w io.Writer) error {
	var t text
	t.line("Rehearsal of shop %s: %s → %s", r.Shop, r.Primary, r.Candidate)
	t.line("since %s UTC, as of %s UTC", r.Since.UTC().Format(textTime), r.At.UTC().Format(textTime))
	t.line("")
	t.line("Verdict: %s", r.Verdict)
	r.writeCounts(&t)
	r.writeLatency(&t)
	r.writeKinds(&t)
	r.writeSKUs(&t)
	r.writeFaults(&t)
	r.writeExamples(&t)
	_, err := io.WriteString(w, t.String())
	return err
}

func (r Report) writeCounts(t *text) {
	rows := [][]string{{"compared", count(r.Compared), "", ""}}
	for _, o := range []struct {
		name string
		n    int64
	}{{"same", r.Same}, {"different", r.Different}, {"candidate failed", r.Failed}} {
		rows = append(rows, []string{"  " + o.name, count(o.n), percent(o.n, r.Compared), ""})
	}
	rows = append(rows, []string{"skipped", count(r.Skipped), "", "queue full"})
	if r.AsGuest > 0 {
		rows = append(rows, []string{"asked as a guest", count(r.AsGuest), percent(r.AsGuest, r.Compared), "for signed-in shoppers: prices of their own show as differences"})
	}
	t.section("Transfers")
	t.table("<>><", rows)
}

func (r Report) writeLatency(t *text) {
	if r.Compared == 0 {
		return
	}
	t.section("Latency of the latest %d", r.CandidateLatency.Of)
	rows := [][]string{{"", "p50", "p95"}}
	for _, side := range []struct {
		name string
		p    Percentiles
	}{{r.Primary, r.PrimaryLatency}, {r.Candidate, r.CandidateLatency}} {
		rows = append(rows, []string{side.name, duration(side.p.P50Micros), duration(side.p.P95Micros)})
	}
	t.table("<>>", rows)
}

func (r Report) writeKinds(t *text) {
	if len(r.Kinds) == 0 {
		return
	}
	t.section("Differences")
	rows := [][]string{{"kind", "transfers", "share", "latest: " + r.Primary + " → " + r.Candidate}}
	for _, k := range r.Kinds {
		latest := between(k.Latest.Primary, k.Latest.Candidate)
		switch {
		case k.Kind == KindTitle:
			latest = "does not make a transfer different"
		case k.Latest.SKU != "":
			latest = k.Latest.SKU + ": " + latest
		}
		rows = append(rows, []string{string(k.Kind), count(k.Transfers), percent(k.Transfers, r.Compared), latest})
	}
	t.table("<>><", rows)
}

func (r Report) writeSKUs(t *text) {
	for _, k := range r.Kinds {
		if len(k.SKUs) == 0 {
			continue
		}
		t.section("SKUs that differ by %s", k.Kind)
		rows := [][]string{{"sku", "transfers", r.Primary, r.Candidate}}
		shown := k.SKUs[:min(len(k.SKUs), textSKUsMax)]
		for _, s := range shown {
			rows = append(rows, []string{s.SKU, count(s.Transfers), s.Primary.Text, s.Candidate.Text})
		}
		t.table("<><<", rows)
		if rest := len(k.SKUs) - len(shown); rest > 0 {
			t.line("  and %d more", rest)
		}
		if k.More > 0 {
			t.line("  and %d differences of SKUs beyond the first %d", k.More, skusMax)
		}
	}
}

func (r Report) writeFaults(t *text) {
	if len(r.Faults) == 0 {
		return
	}
	t.section("Errors of %s that %s did not give", r.Candidate, r.Primary)
	rows := [][]string{{"kind", "code", "transfers"}}
	rest := r.FaultsMore
	for i, f := range r.Faults {
		if i >= textFaultsMax {
			rest += f.Transfers
			continue
		}
		rows = append(rows, []string{f.Kind, f.Code, count(f.Transfers)})
	}
	t.table("<<>", rows)
	if rest > 0 {
		t.line("  and %d more", rest)
	}
}

func (r Report) writeExamples(t *text) {
	if len(r.Examples) == 0 {
		return
	}
	t.section("Latest examples, times in UTC")
	var rows [][]string
	for _, e := range r.Examples[:min(len(r.Examples), textExamplesMax)] {
		at, outcome := e.At.UTC().Format(textTime), string(e.Outcome)
		for _, d := range e.Differences {
			rows = append(rows, []string{at, outcome, string(d.Kind), strings.TrimPrefix(d.SKU+": "+between(d.Primary, d.Candidate), ": ")})
			at, outcome = "", ""
		}
		if e.More > 0 {
			rows = append(rows, []string{"", "", "", fmt.Sprintf("and %d more", e.More)})
		}
	}
	t.table("<<<<", rows)
}

func between(here, there Value) string { return here.Text + " → " + there.Text }

func count(n int64) string { return strconv.FormatInt(n, 10) }

func duration(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	switch {
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%d.%02d s", d/time.Second, d%time.Second/(10*time.Millisecond))
}

// text is a page in the making.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) {
	_, _ = t.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (t *text) section(format string, args ...any) {
	t.line("")
	t.line(format, args...)
}

// table writes rows of as many cells as sides has characters: < aligns a column to
// the left, > to the right.
func (t *text) table(sides string, rows [][]string) {
	widths := make([]int, len(sides))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			cells[i] = cell + pad
			if sides[i] == '>' {
				cells[i] = pad + cell
			}
		}
		t.line("  %s", strings.Join(cells, "  "))
	}
}
