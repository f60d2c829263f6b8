// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"net/http"
	"strconv"
	"strings"
)

// format is what a code is answered as.
type format uint8

const (
	asPNG format = iota
	asSVG
	asJSON
)

var mediaTypes = [...]string{asPNG: "image/png", asSVG: "image/svg+xml", asJSON: "application/json"}

// suffixes are the endings of a path that leave nothing to negotiate.
var suffixes = map[format]string{asPNG: ".png", asSVG: ".svg"}

// acceptMax bounds what is read of an Accept; browsers send some 130 bytes.
const acceptMax = 4 << 10

// offer is how much a caller wants a format, and how exactly it said so.
type offer struct{ exact, quality int }

// negotiate chooses by quality. Between equals it is PNG, as it is for whoever says nothing
// or wants what there is not: no status says that nothing fits. JSON has to be named, and
// to be wanted more than any picture, since */* beside it is what programs send unasked.
func negotiate(h http.Header, data bool) format {
	list := strings.Join(h.Values("Accept"), ",")
	if len(list) > acceptMax {
		return asPNG
	}
	var offers [len(mediaTypes)]offer
	for more := true; more; {
		var one string
		one, list, more = cut(list, ',')
		media, quality, ok := weigh(one)
		for f := range offers {
			if exact := fits(media, format(f)); ok && exact > 0 {
				if o := (offer{exact, quality}); o.exact > offers[f].exact || o.exact == offers[f].exact && o.quality > offers[f].quality {
					offers[f] = o
				}
			}
		}
	}
	png, svg, json := offers[asPNG].quality, offers[asSVG].quality, offers[asJSON].quality
	switch {
	case data && json > max(png, svg):
		return asJSON
	case svg > png:
		return asSVG
	}
	return asPNG
}

// fits is how exactly a range names a format; 0 is not at all.
func fits(media string, f format) int {
	switch {
	case media == mediaTypes[f]:
		return 3
	case f == asJSON:
		return 0
	case media == "image/*":
		return 2
	case media == "*/*":
		return 1
	}
	return 0
}

// weigh takes one range apart. Parameters other than q are passed over: a charset beside
// image/svg+xml is no wish for something else.
func weigh(text string) (media string, quality int, ok bool) {
	media, text, more := cut(text, ';')
	media, quality = strings.ToLower(trim(media)), 1000
	for more {
		var param string
		param, text, more = cut(text, ';')
		if name, value, _ := strings.Cut(trim(param), "="); strings.EqualFold(name, "q") {
			if quality, ok = parseQuality(value); !ok {
				return "", 0, false
			}
		}
	}
	return media, quality, true
}

// parseQuality is a weight in thousandths: 0 to 1 with three digits at most behind the point.
func parseQuality(text string) (int, bool) {
	whole, behind, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(behind+"000"[min(3, len(behind)):], 10, 16)
	switch {
	case err != nil || len(behind) > 3:
		return 0, false
	case whole == "0":
		return int(n), true
	}
	return 1000, whole == "1" && n == 0
}

// cut is strings.Cut that leaves quoted strings whole.
func cut(text string, at byte) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == at:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// trim takes the blanks off that HTTP allows around a word.
func trim(text string) string { return strings.Trim(text, " \t") }
