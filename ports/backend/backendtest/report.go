// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Outcome is how a rule ended.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped" // Result.Reason says why
)

// Exchange is one thing that was asked, and what came of it.
type Exchange struct {
	Sent string `json:"sent"`
	Came string `json:"came"`
}

// Breach is one way in which a rule was not kept.
type Breach struct {
	Expected string `json:"expected"`
	Came     string `json:"came"`
}

// Result is how one rule ended.
type Result struct {
	Part      string     `json:"part"` // the port, or what else the rule is about
	Rule      string     `json:"rule"`
	Promise   string     `json:"promise"`
	Outcome   Outcome    `json:"outcome"`
	Reason    string     `json:"reason,omitempty"`
	Exchanges []Exchange `json:"exchanges,omitempty"` // the first few and the last
	Breaches  []Breach   `json:"breaches,omitempty"`
	Note      string     `json:"note,omitempty"` // what an author should know of a rule however it ended
	TookMS    int64      `json:"took_ms"`
}

// Report is how a run ended. Every text in it is printable and free of the
// secrets that the run was told.
type Report struct {
	Subject string   `json:"subject"`
	Results []Result `json:"results"`
}

// OK reports whether no rule failed. A run that judged nothing is not well.
func (r Report) OK() bool { return r.Count(Failed) == 0 && r.Count(Passed) > 0 }

// Count is how many rules ended so.
func (r Report) Count(o Outcome) int {
	n := 0
	for _, result := range r.Results {
		if result.Outcome == o {
			n++
		}
	}
	return n
}

// WriteText prints the report for people, part by part: a line for each rule, and
// below one that failed what was sent, what came and what was expected. With
// verbose every rule shows what was sent and what came.
func (r Report) WriteText(w io.Writer, verbose bool) error {
	wide := 0
	for _, result := range r.Results {
		wide = max(wide, len(result.Rule))
	}
	p := &Printer{W: w, Wide: wide, Verbose: verbose}
	for _, result := range r.Results {
		p.Result(result)
	}
	return p.Summary(r)
}

func (r Report) summary() string {
	took := int64(0)
	failed, noted := []string{}, ""
	for _, result := range r.Results {
		took += result.TookMS
		if result.Note != "" {
			noted = "\n  Some rules have a note: see above."
		}
		if result.Outcome == Failed {
			failed = append(failed, "\n  FAIL  "+result.Rule)
		}
	}
	return fmt.Sprintf("%s\n%d rules in %s: %d passed, %d failed, %d skipped%s", r.Subject, len(r.Results),
		(time.Duration(took) * time.Millisecond).Round(100*time.Millisecond), r.Count(Passed), r.Count(Failed), r.Count(Skipped), strings.Join(failed, "")+noted)
}

// Printer prints results while they come in.
type Printer struct {
	W       io.Writer
	Wide    int // of the column of rules
	Verbose bool

	part, reason string
	more         int   // rules skipped for the same reason, which are counted instead of printed
	err          error // the first one
}

func (p *Printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.W, format+"\n", args...)
	}
}

// Result prints one result, below the name of its part. Of several that are
// skipped for one reason the first is printed and the others are counted.
func (p *Printer) Result(r Result) {
	again := r.Outcome == Skipped && r.Reason == p.reason && r.Part == p.part && r.Note == ""
	if again && !p.Verbose {
		p.more++
		return
	}
	p.counted()
	p.reason = r.Reason
	if r.Part != p.part {
		if p.part != "" {
			p.line("")
		}
		p.part = r.Part
		p.line("%s", p.part)
	}
	word := map[Outcome]string{Passed: "ok", Failed: "FAIL", Skipped: "skip"}[r.Outcome]
	says := r.Promise
	if r.Outcome == Skipped {
		says = "(" + r.Reason + ")"
	}
	p.line("  %-4s  %-*s  %s", word, p.Wide, r.Rule, says)
	shown := r.Exchanges
	if !p.Verbose {
		shown = shown[max(0, len(shown)-exchangesShown):]
	}
	if r.Outcome == Failed || p.Verbose {
		for _, e := range shown {
			p.line("          sent      %s", e.Sent)
			p.line("          came      %s", e.Came)
		}
	}
	for _, b := range r.Breaches {
		p.line("          expected  %s", b.Expected)
		p.line("          but       %s", b.Came)
	}
	if r.Note != "" {
		p.line("          note      %s", r.Note)
	}
}

// counted prints how many were skipped for the last reason.
func (p *Printer) counted() {
	if p.more > 0 {
		p.line("        and %d more of %s", p.more, p.part)
	}
	p.more = 0
}

// Summary prints how the run ended, and returns the first error of the writer.
func (p *Printer) Summary(r Report) error {
	p.counted()
	p.line("\n%s", r.summary())
	return p.err
}

// exchangesShown is how many of the last exchanges of a rule that failed are printed.
const exchangesShown = 2
