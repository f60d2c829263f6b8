// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// The bounds of a query, which bound an answer.
const (
	queryMax  = 1 << 10 // bytes
	sizeMin   = 64      // pixels
	sizeMax   = 2048
	marginMax = 16 // modules
)

// invalidOptions is the code of a query that is not understood.
const invalidOptions = "invalid_options"

// style is how a code looks.
type style struct {
	size, margin int // pixels, modules
	level        string
	dark, light  colour
}

// plain is how it looks when nobody says.
var plain = style{size: 512, margin: 4, level: "M", light: colour{255, 255, 255}}

// wish is a style and what is to come of it.
type wish struct {
	style
	format format
}

// wanted says what each value has to be.
var wanted = map[string]string{
	"size":   fmt.Sprintf("a whole number of pixels from %d to %d", sizeMin, sizeMax),
	"margin": fmt.Sprintf("a whole number of modules from 0 to %d", marginMax),
	"ec":     "L, M, Q or H",
	"dark":   "6 hexadecimal digits",
	"light":  "6 hexadecimal digits",
	"format": "json, or nothing",
}

// read takes a request apart. A value that is not known is refused like a bad one, since
// it is a known one misspelt.
func read(r *http.Request, signed bool) (wish, error) {
	q, err := query(r)
	if err != nil {
		return wish{}, err
	}
	ask, suffix := wish{style: plain, format: negotiate(r.Header, !signed)}, false
	for f, ending := range suffixes {
		if strings.HasSuffix(r.URL.Path, ending) {
			ask.format, suffix = f, true
		}
	}
	var wrong []fault.Field
	for _, name := range slices.Sorted(maps.Keys(q)) {
		reason := "given_twice"
		if len(q[name]) == 1 {
			reason = ask.take(name, q[name][0], signed, suffix)
		}
		if reason != "" {
			wrong = append(wrong, fault.Field{Path: name, Reason: reason, Detail: wanted[name]})
		}
	}
	if !slices.ContainsFunc(wrong, func(f fault.Field) bool { return f.Path == "dark" || f.Path == "light" }) {
		wrong = append(wrong, unreadable(ask.style, q)...)
	}
	if len(wrong) > 0 {
		return wish{}, fault.New(fault.Invalid, invalidOptions, "the code cannot be drawn as asked").By(fault.Caller).With(wrong...)
	}
	return ask, nil
}

// query is the whole query; url.URL.Query would leave out what it cannot read.
func query(r *http.Request) (url.Values, error) {
	malformed := fault.New(fault.Invalid, invalidOptions, "the query cannot be read").By(fault.Caller)
	if len(r.URL.RawQuery) > queryMax {
		return nil, malformed
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed.Because(err)
	}
	return q, nil
}

// take takes one value over, or gives the reason why not.
func (w *wish) take(name, value string, signed, suffix bool) (reason string) {
	switch name {
	case "size":
		w.size, reason = number(value, sizeMin, sizeMax)
	case "margin":
		w.margin, reason = number(value, 0, marginMax)
	case "ec":
		if _, known := levels[value]; !known {
			return "unknown_level"
		}
		w.level = value
	case "dark":
		w.dark, reason = parseColour(value)
	case "light":
		w.light, reason = parseColour(value)
	case "format":
		switch {
		case value != "json":
			return "unknown_format"
		case suffix, signed: // the address says what it is, and one that is signed makes no others
			return "not_here"
		}
		w.format = asJSON
	case "exp", "sig":
		if !signed {
			return "unknown"
		}
	default:
		return "unknown"
	}
	return reason
}

// number is a whole number written in the one way there is.
func number(text string, least, most int) (n int, reason string) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || strconv.Itoa(n) != text:
		return 0, "malformed"
	case n < least || n > most:
		return 0, "out_of_range"
	}
	return n, ""
}

func parseColour(text string) (c colour, reason string) {
	if len(text) != hex.EncodedLen(len(c)) {
		return c, "malformed"
	}
	if _, err := hex.Decode(c[:], []byte(text)); err != nil {
		return c, "malformed"
	}
	return c, ""
}
