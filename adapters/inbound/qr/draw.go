// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"fmt"
	"image/color"
	"iter"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"github.com/cartage-dev/cartage/core/fault"
)

// TextMax is how many bytes a code holds: version 6 at level M, 41 modules a side, which
// a phone still reads from across a room.
const TextMax = 106

// levels are how much of a code may be lost, as ec names them.
var levels = map[string]qr.ErrorCorrectionLevel{"L": qr.L, "M": qr.M, "Q": qr.Q, "H": qr.H}

// drawing is a code laid out on a square of pixels. Every module is the same whole
// number of them, the largest that fits, and the code stands in the middle.
type drawing struct {
	style
	code         barcode.Barcode
	side         int // modules
	module, edge int // pixels
}

// draw encodes a text and lays it out.
func draw(text string, s style) (drawing, error) {
	if text == "" || len(text) > TextMax {
		return drawing{}, fault.New(fault.Internal, "text_too_long", "a code of %d bytes, not 1 to %d", len(text), TextMax)
	}
	// A code does not say which characters its bytes mean, so that phones would have to guess.
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return drawing{}, fault.New(fault.Internal, "text_not_ascii", "a code of more than ASCII that prints")
	}
	// Always as bytes: left to itself, the encoder takes +12 for the number 12.
	code, err := qr.Encode(text, levels[s.level], qr.Unicode)
	if err != nil {
		return drawing{}, fault.New(fault.Internal, "", "encode a code").Because(err)
	}
	d := drawing{style: s, code: code, side: code.Bounds().Dx()}
	whole := d.side + 2*s.margin
	if d.module = s.size / whole; d.module == 0 {
		return drawing{}, fault.New(fault.Invalid, invalidOptions, "the code cannot be drawn as asked").By(fault.Caller).
			With(fault.Field{Path: "size", Reason: "too_small", Detail: fmt.Sprintf("this code and its margin need %d pixels at least", whole)})
	}
	d.edge = (s.size - d.module*d.side) / 2
	return d, nil
}

// runs are the dark modules of a row, as where each run begins and how long it is.
func (d drawing) runs(y int) iter.Seq2[int, int] {
	return func(yield func(at, n int) bool) {
		began := -1
		for x := range d.side + 1 {
			dark := x < d.side && d.code.At(x, y) == color.Black
			switch {
			case dark && began < 0:
				began = x
			case !dark && began >= 0:
				if !yield(began, x-began) {
					return
				}
				began = -1
			}
		}
	}
}

// as is the drawing in a format.
func (d drawing) as(f format) []byte {
	if f == asSVG {
		return d.svg()
	}
	return d.png()
}

// svg is one path of rectangles, a unit to the module. At its own size it is the PNG, pixel for pixel.
func (d drawing) svg() []byte {
	out := fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[1]d" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges">`+
		`<rect width="%[1]d" height="%[1]d" fill="%[2]s"/><path transform="translate(%[3]d %[3]d)scale(%[4]d)" fill="%[5]s" d="`,
		d.size, d.light, d.edge, d.module, d.dark)
	for y := range d.side {
		for at, n := range d.runs(y) {
			out = fmt.Appendf(out, "M%d %dh%dv1h-%dz", at, y, n, n)
		}
	}
	return append(out, `"/></svg>`...)
}
