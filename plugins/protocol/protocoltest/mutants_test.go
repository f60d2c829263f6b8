// SPDX-License-Identifier: Apache-2.0

package protocoltest_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/plugins/protocol/protocoltest"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

const token = "canary-token-of-the-shop"

// judge runs this test binary in a role, by the rules of the process and a few of the ports.
func judge(t *testing.T, role string, only ...string) backendtest.Report {
	t.Helper()
	p := protocoltest.Program{
		Path: os.Args[0], Settings: []byte(`{"url":"https://shop.example"}`), Secrets: map[string]secret.Text{"token": secret.New(token)},
		Environ: append(os.Environ(), roleEnv+"="+role, dirEnv+"="+t.TempDir(), "GORACE=atexit_sleep_ms=0"), Env: []string{roleEnv, dirEnv, "GORACE"},
	}
	s := backendtest.Sample{Currency: "GBP", SKUs: []string{"a", "b"}, Customers: []loyalty.CustomerID{"member"}}
	report, err := protocoltest.Run(t.Context(), p, s, protocoltest.Options{Options: backendtest.Options{Only: only}})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func failed(r backendtest.Report) (rules []string) {
	for _, result := range r.Results {
		if result.Outcome == backendtest.Failed {
			rules = append(rules, result.Rule)
		}
	}
	slices.Sort(rules)
	return rules
}

// bystanders are rules that a process must keep however it is broken elsewhere.
var bystanders = []string{"process.starts", "process.services", "process.configure.accepts", "process.malformed_message", "carts.get.unknown", "run.stdout_quiet"}

// TestSoundProcesses are judged by every rule of processes, with the SDK and without. What
// sells nothing is not judged by what needs a cart.
func TestSoundProcesses(t *testing.T) {
	t.Parallel()
	for role, unjudged := range map[string][]string{
		"sound":            {"loyalty.moved.unknown", "process.killed.carts", "process.killed.keys", "process.killed.points", "run.no_buyer"},
		"bare":             {"loyalty.moved.unknown", "process.killed.carts", "process.killed.keys", "process.killed.points", "run.no_buyer"},
		"seller":           {"loyalty.moved.unknown", "process.killed.points"},
		"a demo in memory": {"loyalty.moved.unknown", "process.killed.carts", "process.killed.points"},
		"a club":           {"carts.get.strange_ids", "carts.get.unknown", "process.killed.carts", "process.killed.keys", "run.no_buyer", "run.no_leaks"},
		"a demo of a club": {"carts.get.strange_ids", "carts.get.unknown", "process.killed.carts", "process.killed.keys", "process.killed.points", "run.no_buyer", "run.no_leaks"},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			report := judge(t, role, "process", "run", "carts.get.unknown", "carts.get.strange_ids", "loyalty.moved.unknown")
			var skipped []string
			for _, r := range report.Results {
				if r.Outcome == backendtest.Skipped {
					skipped = append(skipped, r.Rule)
				}
			}
			slices.Sort(skipped)
			if diff := cmp.Diff(unjudged, skipped); !report.OK() || diff != "" {
				_ = report.WriteText(t.Output(), false)
				t.Errorf("a sound process does not keep every rule, or is not judged by it (-want +got):\n%s", diff)
			}
		})
	}
}

// brokenProcesses says which rules catch which process.
var brokenProcesses = map[string][]string{
	"silent by hand":                  {"process.by_hand"},
	"waits by hand":                   {"process.by_hand"},
	"no version":                      {"process.describe"},
	"changing":                        {"process.describe.the_same"},
	"bad schema":                      {"process.settings_schema"},
	"lenient":                         {"process.configure.required", "process.configure.unknown_key", "process.configure.wrong_type"},
	"repeats values":                  {"process.configure.unknown_key", "process.configure.wrong_type"},
	"sick":                            {"process.check"},
	"signals end it":                  {"process.signals"},
	"ends badly":                      {"process.shutdown"},
	"an orphan lives":                 {"process.lifeline"},
	"dies of a cart":                  {"carts.get.strange_ids", "carts.get.unknown", "run.no_leaks"},
	"leaks":                           {"run.no_leaks"},
	"logs a secret":                   {"run.no_secret"},
	"prints a secret":                 {"run.no_secret"},
	"a secret in a fault":             {"run.no_secret"},
	"numbers for words":               {"run.log_lines"},
	"endless lines":                   {"run.log_lines"},
	"keys die with it":                {"process.killed.keys"},
	"carts die with it":               {"process.killed.carts"},
	"movements are forgotten":         {"process.killed.points"},
	"keys of movements are forgotten": {"process.killed.points"},
	"leaves a child":                  {"process.shutdown.children"},
	"leaves a daemon":                 {"process.shutdown.children"},
	"logs the buyer":                  {"run.no_buyer"},
	"prints the address":              {"run.no_buyer"},
	"keeps what was read":             {"run.memory"},
}

// TestBrokenProcesses proves that each is caught, by exactly the rules that it
// should; a process costs too much to try every rule on each.
func TestBrokenProcesses(t *testing.T) {
	t.Parallel()
	for role, want := range brokenProcesses {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			report := judge(t, role, append(want, bystanders...)...)
			if got := failed(report); !slices.Equal(got, want) {
				diff := cmp.Diff(want, got)
				t.Errorf("caught by other rules than it should (-want +got):\n%s", diff)
				_ = report.WriteText(t.Output(), false)
			}
		})
	}
}

// TestNoHandshake is what no other rule can be judged without; it proves process.starts.
func TestNoHandshake(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{
		"greets first": "no handshake", "dies at once": "no licence found", "in the clear": "does not encrypt",
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			report := judge(t, role, "process", "run")
			if diff := cmp.Diff([]string{"process.starts"}, failed(report)); diff != "" {
				t.Errorf("failed (-want +got):\n%s", diff)
			}
			var text strings.Builder
			if err := report.WriteText(&text, false); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text.String(), want) || report.Count(backendtest.Skipped) < 20 || report.OK() {
				t.Errorf("it does not say %q, or goes on:\n%s", want, text.String())
			}
		})
	}
}

// TestSystemThatIsAway is one failure, and not one for each rule of the ports.
func TestSystemThatIsAway(t *testing.T) {
	t.Parallel()
	report := judge(t, "sick", "process.check", "process.shutdown", "carts", "faults")
	if got := failed(report); !slices.Equal(got, []string{"process.check"}) || report.Count(backendtest.Passed) != 1 || report.Count(backendtest.Skipped) < 40 {
		_ = report.WriteText(t.Output(), false)
		t.Errorf("failed: %v", got)
	}
}

// TestDeathIsTold dies within a rule of a port; the report says how, and the next rule is judged.
func TestDeathIsTold(t *testing.T) {
	t.Parallel()
	report := judge(t, "dies of a cart", "carts.get.unknown", "carts.put.unknown_sku")
	var text strings.Builder
	if err := report.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"exit status 2", "segmentation fault", "unsupported (no_carts)"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func TestReportsHoldNoSecret(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"logs a secret", "a secret in a fault"} {
		var text strings.Builder
		report := judge(t, role, "run.no_secret", "carts.get.unknown")
		if err := report.WriteText(&text, true); err != nil || strings.Contains(text.String(), token) {
			t.Errorf("%v, or the secret in\n%s", err, text.String())
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	sound := backendtest.Sample{Currency: "GBP", SKUs: []string{"a", "b"}}
	for _, tt := range []struct {
		name   string
		p      protocoltest.Program
		s      backendtest.Sample
		only   string
		wanted string
	}{
		{"settings that are no object", protocoltest.Program{Path: os.Args[0], Settings: []byte("[]")}, sound, "", "invalid_settings"},
		{"a sample without goods", protocoltest.Program{Path: os.Args[0]}, backendtest.Sample{Currency: "GBP"}, "", "invalid_sample"},
		{"no such rule", protocoltest.Program{Path: os.Args[0]}, sound, "carts.sing", "unknown_rule"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := protocoltest.Options{}
			if tt.only != "" {
				o.Only = []string{tt.only}
			}
			_, err := protocoltest.Run(t.Context(), tt.p, tt.s, o)
			if err == nil || !strings.Contains(err.Error(), tt.wanted) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var seen []string
	p := protocoltest.Program{Path: os.Args[0], Settings: []byte(`{"url":"u"}`), Secrets: map[string]secret.Text{"token": secret.New(token)}, Environ: append(os.Environ(), roleEnv+"=sound"), Env: []string{roleEnv}}
	began := time.Now()
	_, err := protocoltest.Run(t.Context(), p, backendtest.Sample{Currency: "GBP", SKUs: []string{"a", "b"}}, protocoltest.Options{
		Options: backendtest.Options{Only: []string{"process.starts", "carts.get.unknown"}}, Progress: func(r backendtest.Result) { seen = append(seen, r.Rule) },
	})
	if diff := cmp.Diff([]string{"process.starts", "carts.get.unknown"}, seen); err != nil || diff != "" {
		t.Errorf("%v after %s, progress (-want +got):\n%s", err, time.Since(began), diff)
	}
}
