// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/core/secret"
)

// TestMain watches the encoder, which starts goroutines of its own.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sample = "https://checkout.shop.example/c/01JBST3CP39NF8Z451PB1X9SFP"
	place  = "/v1/checkout/01JBST3CP39NF8Z451PB1X9SFP/qr"
)

var (
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	newKey   = secret.New(strings.Repeat("new key ", 4))
	oldKey   = secret.New(strings.Repeat("old key ", 4))
	wrongKey = secret.New(strings.Repeat("no key! ", 4))
)

func codes(t testing.TB, keys ...secret.Text) *Codes {
	t.Helper()
	if len(keys) == 0 {
		keys = []secret.Text{newKey}
	}
	c, err := New(Options{Keys: keys, PublicURL: "https://api.example/"})
	if err != nil {
		t.Fatal(err)
	}
	c.now = func() time.Time { return noon }
	return c
}

// request is one for the code of the sample; headers are names and values in turn.
func request(t testing.TB, method, target string, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// ask serves r as the endpoint will.
func ask(c *Codes, r *http.Request, text string) (*httptest.ResponseRecorder, error) {
	out := httptest.NewRecorder()
	signed, err := c.Signed(r)
	if err == nil {
		err = c.Serve(out, r, text, signed)
	}
	return out, err
}

func get(t testing.TB, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	out, err := ask(codes(t), request(t, http.MethodGet, target, headers...), sample)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return out
}

// picture decodes a PNG, which has to be a palette of two.
func picture(t testing.TB, body []byte) *image.Paletted {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	p, is := img.(*image.Paletted)
	if !is || len(p.Palette) != 2 || body[24] != 1 {
		t.Fatalf("not one bit deep: %T, depth %d", img, body[24])
	}
	return p
}

// markup is all that an SVG may be.
var markup = regexp.MustCompile(`^<svg xmlns="http://www\.w3\.org/2000/svg" width="(\d+)" height="(\d+)" viewBox="0 0 (\d+) (\d+)" shape-rendering="crispEdges">` +
	`<rect width="(\d+)" height="(\d+)" fill="#([0-9a-f]{6})"/><path transform="translate\((\d+) (\d+)\)scale\((\d+)\)" fill="#([0-9a-f]{6})" d="((?:M\d+ \d+h\d+v1h-\d+z)+)"/></svg>$`)

var rectangle = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// raster fills the rectangles of an SVG.
func raster(t testing.TB, svg []byte) *image.Paletted {
	t.Helper()
	m := markup.FindStringSubmatch(string(svg))
	if m == nil {
		t.Fatalf("not the SVG that is expected: %.300s", svg)
	}
	n := func(i int) int {
		v, _ := strconv.Atoi(m[i])
		return v
	}
	size, edge, module := n(1), n(8), n(10)
	for _, i := range []int{2, 3, 4, 5, 6} {
		if n(i) != size || n(9) != edge {
			t.Fatalf("not square: %.300s", svg)
		}
	}
	shade := func(text string) color.Color {
		c, _ := parseColour(text)
		return color.RGBA{c[0], c[1], c[2], 255}
	}
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{shade(m[7]), shade(m[11])})
	for _, r := range rectangle.FindAllStringSubmatch(m[12], -1) {
		if r[3] != r[4] {
			t.Fatalf("not a rectangle: %s", r[0])
		}
		var v [3]int
		for i := range v {
			v[i], _ = strconv.Atoi(r[i+1])
		}
		for y := edge + v[1]*module; y < edge+(v[1]+1)*module; y++ {
			for x := edge + v[0]*module; x < edge+(v[0]+v[2])*module; x++ {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img
}

// scan reads a code as a till would, or, when it is nothing but the code, module by module.
func scan(t testing.TB, img image.Image, pure bool) string {
	t.Helper()
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	if pure {
		hints[gozxing.DecodeHintType_PURE_BARCODE] = true
	}
	result, err := qrcode.NewQRCodeReader().Decode(bits, hints)
	if err != nil {
		t.Errorf("nobody can read it: %v", err)
		return ""
	}
	return result.GetText()
}
