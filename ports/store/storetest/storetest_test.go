// SPDX-License-Identifier: Apache-2.0

package storetest_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/cartage-dev/cartage/ports/store"
	"github.com/cartage-dev/cartage/ports/store/storetest"
)

// bugEnv names the bug that TestPlanted runs with.
const bugEnv = "CARTAGE_STORETEST_BUG"

// TestMemory shows that the kit asks for no more than the ports say.
func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store { return newMemory("") })
}

// TestPlanted is run by TestBugs, in a process of its own, and is meant to fail.
func TestPlanted(t *testing.T) {
	bug := os.Getenv(bugEnv)
	if bug == "" {
		t.Skip("no bug planted")
	}
	storetest.Run(t, func(*testing.T) store.Store { return newMemory(bug) })
}

// TestBugs proves that the kit bites.
func TestBugs(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, bug := range []string{
		"put ends nothing", "put ends other shops' links", "put ends other references' links",
		"put runs shop and reference together", "put revives", "target shared", "target trimmed",
		"take in two steps", "take leaves it", "expiry hides the end", "expiry a nanosecond late",
		"refusal uses up", "look uses up", "links swept as they expire", "ended links stay", "local time",
		"scope run together", "update not serialised", "errors keep", "errors wrapped", "look keeps",
		"microseconds", "answer change overlooked", "lease ignored", "running stays", "sweep without bound",
		"deadline ignored",
		"ledgers of all shops are one", "points not serialised", "time goes back", "errors keep points", "errors of closures wrapped",
		"a book does not see itself", "captures forgotten", "confirmed by itself", "refunds forgotten", "the journal says who",
		"a key is booked again", "overdraft", "hashes not chained", "held points are shown", "holds run out a nanosecond late",
		"every state runs out", "holds of every shop run out", "the first few holds are always the same", "what is held from the beginning", "every state is held", "what is held in any order", "what is held without bound", "holds without bound", "history of what came in alone", "history of everybody", "walk goes on",
		"walk without actions", "empty shops are listed",
		"old versions forgotten", "offers of all shops are one", "every offer is found",
		"messages of all shops are one", "the last message of a key counts", "every message is fresh", "what is done is forgotten",
		"what is done comes again", "what is not due comes", "messages in any order", "messages without bound", "messages taken in two steps",
		"no lease", "a lease for ever", "late hands undo what is done", "attempts not counted", "the backlog counts what is done", "what waits is swept",
		"everybody is forgotten", "nobody is forgotten", "points go with the customer", "a hold keeps the name", "whoever waits is forgotten",
		"what this step held is not", "everybody's holds are one's own", "what one had is held", "the youngest of one's holds first", "one's holds without bound",
		"what any shop booked is booked", "what this step booked is not", "keepers of actions forgotten", "keepers of sales forgotten",
		"points elsewhere are to spend here", "history of what is here alone",
		"the last movement of a key counts", "beginnings not counted", "microseconds of movements", "begun again is withdrawn", "what is not being taken is withdrawn",
		"what is not due moves", "the shortest due moves first", "movements without bound", "movements without lease", "what was given is remembered",
		"what was given back says whose", "what was given back moves", "what was given back is swept at once", "late hands undo what was given back",
		"what was given back is taken again", "reasons of movements forgotten", "attempts of movements not counted", "the backlog counts what was given back", "the backlog counts what is only watched",
		"movements of all shops are one", "movements taken in two steps", "movements swept without bound", "movements wait for ever",
		"movements outlive their closure", "a movement stays in its place", "what was taken stays", "what is not being taken is booked",
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), program, "-test.run=^TestPlanted$", "-test.failfast")
			child.Env = append(os.Environ(), bugEnv+"="+bug)
			out, err := child.CombinedOutput()
			if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 1 || !bytes.Contains(out, []byte("--- FAIL: TestPlanted/")) {
				t.Errorf("the kit let it pass: %v\n%s", err, out)
			}
		})
	}
}
