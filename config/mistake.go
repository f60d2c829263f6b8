// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ExitConfig is the exit code of a program whose config cannot be used: EX_CONFIG of sysexits.h.
const ExitConfig = 78

// Mistake is one thing that is wrong with a config. No part of it repeats a
// secret, or a text that may hold one.
type Mistake struct {
	Place    string // file:line:col, or environment: NAME; empty when it has none
	Key      string // the key's path; empty when it is no key's
	Found    string // what is there, or is not
	Expected string // what to do about it; may be empty
	Nearest  string // the valid key or name that was probably meant; may be empty
}

// String is the mistake in one line.
func (m Mistake) String() string {
	var parts []string
	for _, part := range []string{m.Place, m.Key} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	said := m.Found
	if m.Expected != "" {
		said += "; " + m.Expected
	}
	if m.Nearest != "" {
		said += "; did you mean " + m.Nearest + "?"
	}
	return strings.Join(append(parts, said), ": ")
}

// Mistakes are all the mistakes of one config, in the order of their places. It
// is the only error of Load.
type Mistakes []Mistake

// Error is one mistake per line.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].String()
	}
	return strings.Join(lines, "\n")
}

// Refusal blames the config for what turned out later, when there is no place to show.
func Refusal(text string) error { return Mistakes{{Found: text}} }

// place is where something stands: in the file, or in a variable. The zero place is nowhere.
type place struct {
	line, col int
	variable  string
}

// report remembers where each key stands and collects what is wrong. Paths are
// written as a mistake shows them.
type report struct {
	file         string
	keys, values map[string]place
	broken       map[string]bool // paths of another type than they should be: nothing more is said about them
	said         map[located]bool
	found        []located
	reads        func(path string) // hears of each file; may be nil
}

// located is a mistake to be sorted by its place. Of one key at one place, one is enough.
type located struct {
	at place
	Mistake
}

func newReport(file string) *report {
	return &report{file: file, keys: map[string]place{"": {line: 1, col: 1}}, values: map[string]place{}, broken: map[string]bool{}, said: map[located]bool{}}
}

// add reports m, at the given place.
func (r *report) add(at place, m Mistake) {
	m.Place = r.shownPlace(at)
	r.found = append(r.found, located{at, m})
}

func (r *report) shownPlace(at place) string {
	switch {
	case at.variable != "":
		return "environment: " + at.variable
	case at.line > 0:
		return fmt.Sprintf("%s:%d:%d", r.file, at.line, at.col)
	}
	return r.file
}

// wrong reports what stands at path, or is missing there, unless its type is already known to be wrong.
func (r *report) wrong(path, found, expected, nearest string) {
	r.wrongAt(r.at(path), path, found, expected, nearest)
}

// wrongName reports the name that ends the path, not what stands below it.
func (r *report) wrongName(path, found, expected string) {
	at, ok := r.keys[path]
	if !ok {
		at = r.at(path)
	}
	r.wrongAt(at, path, found, expected, "")
}

func (r *report) wrongAt(at place, path, found, expected, nearest string) {
	known := r.broken[""]
	for p := path; p != ""; p = parent(p) {
		known = known || r.broken[p]
	}
	if once := (located{at, Mistake{Key: path}}); !known && !r.said[once] {
		r.said[once] = true
		r.add(at, Mistake{Key: path, Found: found, Expected: expected, Nearest: nearest})
	}
}

// at is the place of a value, and of the nearest key above it when nobody gave one.
func (r *report) at(path string) place {
	for p := path; ; p = parent(p) { // an item of a variable's list stands where the list does
		if at, ok := r.values[p]; ok {
			return at
		}
		if !strings.HasSuffix(p, "]") {
			break
		}
	}
	for p := parent(path); ; p = parent(p) {
		if at, ok := r.keys[p]; ok || p == "" {
			return at
		}
	}
}

// mistakesMax is how many are shown: a file that has more is none of ours.
const mistakesMax = 500

// mistakes are all that were found, or nil.
func (r *report) mistakes() error {
	if len(r.found) == 0 {
		return nil
	}
	slices.SortStableFunc(r.found, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.at.variable, b.at.variable), cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.col, b.at.col), cmp.Compare(a.Key, b.Key))
	})
	var all Mistakes
	for i := range r.found[:min(len(r.found), mistakesMax)] {
		all = append(all, r.found[i].Mistake)
	}
	if more := len(r.found) - mistakesMax; more > 0 {
		all = append(all, Mistake{Place: r.file, Found: fmt.Sprintf("%d more mistakes", more)})
	}
	return all
}
