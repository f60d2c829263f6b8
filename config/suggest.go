// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"strings"
)

// unknownKey reports a key that a group does not have, with the one that was probably meant.
func (r *report) unknownKey(at place, t reflect.Type, path, key string) {
	nearest, expected := nearestKey(t, path, strings.TrimSuffix(shown(key), cut)), ""
	if nearest == "" {
		expected = "valid here: " + strings.Join(fieldsOf(t), ", ")
	}
	if shapeOf(t) == leaf || shapeOf(t) == list {
		expected = path + " has no keys below it"
	}
	r.wrongAt(at, join(path, shown(key)), "unknown key", expected, nearest)
}

// nearestKey finds a key that is spelled alike in the group, or else the same key
// further below, or else anywhere.
func nearestKey(t reflect.Type, path, key string) string {
	if near := nearest(key, fieldsOf(t)); near != "" {
		return join(path, near)
	}
	wanted := spelling(key)
	for _, p := range keysBelow(t) {
		if strings.HasSuffix(p, "."+wanted) {
			return join(path, p)
		}
	}
	for _, p := range keysBelow(reflect.TypeFor[Config]()) {
		if p == wanted || strings.HasSuffix(p, "."+wanted) {
			return p
		}
	}
	return ""
}

// abbreviationMin is from where on the beginning of a name stands for the whole.
const abbreviationMin = 3

// nearest is the candidate that a name was probably meant to be, or nothing: about
// a third of it may differ, or one is the beginning of the other.
func nearest(name string, candidates []string) string {
	name = spelling(name)
	best, least := "", max((len(name)+1)/3, 1)+1
	for _, c := range candidates {
		d := distance(name, c)
		if min(len(name), len(c)) >= abbreviationMin && (strings.HasPrefix(name, c) || strings.HasPrefix(c, name)) {
			d = min(d, 1)
		}
		if d < least {
			best, least = c, d
		}
	}
	return best
}

// spelling brings a name nearer to ours: lower case with underscores, and not too long to compare.
func spelling(name string) string {
	return strings.ReplaceAll(strings.ToLower(name[:min(len(name), shownMax)]), "-", "_")
}

// distance is how many bytes have to be put in, taken out, replaced or swapped
// with their neighbour to make b of a.
func distance(a, b string) int {
	var before, last, row []int
	for j := range len(b) + 1 {
		last = append(last, j)
	}
	for i := range len(a) {
		row = append(make([]int, 0, len(b)+1), i+1)
		for j := range len(b) {
			d := last[j]
			if a[i] != b[j] {
				d++
			}
			d = min(d, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			row = append(row, d)
		}
		before, last = last, row
	}
	return last[len(b)]
}
