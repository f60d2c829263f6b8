// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"slices"
	"strings"
	"unicode"
)

// shownMax is how much of a key is shown.
const shownMax = 64

// shown is a key as config shows it, so that config finds its place: it ends at the
// first character that no key of ours has. Who writes {key:secret} without a
// space has written one long key.
func shown(key string) string {
	end := strings.IndexFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 && len(key) <= shownMax && key != "" {
		return key
	}
	if end < 0 || end > shownMax {
		end = min(len(key), shownMax)
	}
	return key[:end] + "…"
}

// printable is a stranger's text in one line of at most so many characters, which no
// terminal takes for a command.
func printable(text string, most int) string {
	var out []rune
	space := false
	for _, r := range text {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			space = len(out) > 0
			continue
		}
		if space {
			out = append(out, ' ')
		}
		space = false
		if out = append(out, r); len(out) >= most {
			return string(out[:most-1]) + "…"
		}
	}
	return string(out)
}

// nearest is the candidate that a key was probably meant to be, or nothing: about a
// third of it may differ.
func nearest(key string, candidates []string) string {
	key = strings.ReplaceAll(strings.ToLower(key[:min(len(key), shownMax)]), "-", "_")
	best, least := "", max((len(key)+1)/3, 1)+1
	for _, c := range candidates {
		if len(c) > shownMax {
			continue
		}
		if d := distance(key, strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is how many bytes have to be put in, taken out or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		above := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
