// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/url"

	"github.com/cartage-dev/cartage/core/fault"
)

// colour is sRGB.
type colour [3]byte

func (c colour) String() string { return "#" + hex.EncodeToString(c[:]) }

// contrastMin is how many times as much light comes from the light modules as from the dark
// ones, as WCAG 2.2 reckons it and asks of graphics (1.4.11); black on white has 21. redMin is
// the same for red light, which is all that many a till has, and in which red is white.
const (
	contrastMin = 3.0
	redMin      = 1.5
)

// unreadable says why a scanner could not tell the two colours apart.
func unreadable(s style, given url.Values) []fault.Field {
	white, red := contrast(s.light.bright(), s.dark.bright()), contrast(linear(s.light[0]), linear(s.dark[0]))
	reason, detail := "", ""
	switch {
	case white < 1:
		reason, detail = "inverted", "light has to be brighter than dark"
	case white < contrastMin:
		reason, detail = "low_contrast", fmt.Sprintf("contrast %.2f, at least %.1f is needed", white, contrastMin)
	case red < redMin:
		reason, detail = "low_contrast_in_red_light", fmt.Sprintf("contrast %.2f in the red light of tills, at least %.1f is needed", red, redMin)
	default:
		return nil
	}
	var wrong []fault.Field
	for _, name := range []string{"dark", "light"} {
		if given.Has(name) {
			wrong = append(wrong, fault.Field{Path: name, Reason: reason, Detail: detail})
		}
	}
	return wrong
}

// contrast allows for the light that falls on everything.
func contrast(light, dark float64) float64 { return (light + 0.05) / (dark + 0.05) }

// bright is the relative luminance, 0 to 1, as WCAG 2.2 defines it.
func (c colour) bright() float64 {
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

func linear(channel byte) float64 {
	v := float64(channel) / 255
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}
