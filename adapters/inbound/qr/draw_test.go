// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestScannersRead draws fixed texts in many ways; both formats are the same picture.
func TestScannersRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, query, text string
		module            int // pixels
	}{
		{"as it comes", "", sample, 12},
		{"lowest level", "ec=L", sample, 12},
		{"higher level", "ec=Q", sample, 11},
		{"highest level", "ec=H", sample, 10},
		{"smallest", "size=64", sample, 1},
		{"small, odd", "size=101", sample, 2},
		{"barely two pixels", "size=82", sample, 2},
		{"barely not two", "size=81", sample, 1},
		{"large", "size=2048&ec=H", sample, 41},
		{"no margin", "margin=0&size=330", sample, 10},
		{"no margin, centred", "margin=0&size=512", sample, 15},
		{"widest margin", "margin=16", sample, 7},
		{"brand colours", "dark=1A237e&light=fff8e1", sample, 12},
		{"white on request", "dark=000000&light=FFFFFF", sample, 12},
		{"grey", "dark=404040&light=c8c8c8&size=300", sample, 7},
		{"longest", "size=246", full, 5},
		{"longest at the highest level", "ec=H&size=260", full, 4},
		{"one byte", "", "x", 17},
		{"what is not a number", "", "+12", 17},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, "GET", place+"?"+tt.query)
			w, err := read(r, false)
			if err != nil {
				t.Fatal(err)
			}
			d, err := draw(tt.text, w.style)
			if err != nil {
				t.Fatal(err)
			}
			if d.module != tt.module || d.edge < w.margin*d.module {
				t.Errorf("modules of %d pixels, %d from the edge; want %d and a margin of %d", d.module, d.edge, tt.module, w.margin)
			}
			out, err := ask(codes(t), r, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			bitmap, vector := picture(t, out.Body.Bytes()), raster(t, d.svg())
			if got := scan(t, bitmap, false); got != tt.text {
				t.Errorf("the PNG says %q", got)
			}
			if got := scan(t, vector, false); got != tt.text {
				t.Errorf("the SVG says %q", got)
			}
			same(t, vector, bitmap)
			if size := bitmap.Bounds().Dx(); size != w.size || size != bitmap.Bounds().Dy() {
				t.Errorf("a picture of %v, want %d", bitmap.Bounds(), w.size)
			}
		})
	}
}

// full is as long as a text may be.
var full = sample + "?s=" + strings.Repeat("t", TextMax-len(sample)-3)

// same holds two pictures together, pixel by pixel.
func same(t *testing.T, got, want image.Image) {
	t.Helper()
	if got.Bounds() != want.Bounds() {
		t.Fatalf("a picture of %v, want %v", got.Bounds(), want.Bounds())
	}
	if a, is := got.(*image.Paletted); is {
		if b, is := want.(*image.Paletted); is && bytes.Equal(a.Pix, b.Pix) && cmp.Equal(rgba(a), rgba(b)) {
			return
		}
	}
	b := got.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, a := got.At(x, y).RGBA()
			r2, g2, bl2, a2 := want.At(x, y).RGBA()
			if [4]uint32{r, g, bl, a} != [4]uint32{r2, g2, bl2, a2} {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got.At(x, y), want.At(x, y))
			}
		}
	}
}

// rgba are the two colours of a picture.
func rgba(p *image.Paletted) (c [2][4]uint32) {
	for i := range c {
		c[i][0], c[i][1], c[i][2], c[i][3] = p.Palette[i].RGBA()
	}
	return c
}

// TestEveryLength goes through every version of the code that a text can lead to, so that
// no text leads the encoder where it was never.
func TestEveryLength(t *testing.T) {
	t.Parallel()
	for level := range levels {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= TextMax; n++ {
				s := style{size: 89, margin: 0, level: level, light: plain.light}
				d, err := draw(full[len(full)-n:], s)
				if err != nil {
					t.Fatalf("%d bytes: %v", n, err)
				}
				if got := scan(t, picture(t, d.png()), true); got != full[len(full)-n:] {
					t.Errorf("%d bytes read %q", n, got)
				}
			}
		})
	}
	d, err := draw(full, plain)
	if err != nil || d.side != 41 {
		t.Errorf("the longest text makes a code of %d modules a side, %v; want 41", d.side, err)
	}
}

func TestTextsNobodyDraws(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, code string
	}{
		{"nothing", "", "text_too_long"},
		{"too long", full + "t", "text_too_long"},
		{"not ASCII", "https://shop.example/ü", "text_not_ascii"},
		{"not a text", "\xff", "text_not_ascii"},
		{"a line end", "a\nb", "text_not_ascii"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := ask(codes(t), request(t, "GET", place), tt.text)
			if f := fault.From(err); err == nil || f.Kind != fault.Internal || f.Code != tt.code || strings.Contains(f.Error(), "shop.example") {
				t.Errorf("got %v, want %s", err, tt.code)
			}
			if len(out.Header()) > 0 || out.Body.Len() > 0 {
				t.Errorf("answered with %v", out.Header())
			}
		})
	}
	_, err := ask(codes(t), request(t, "GET", place+"?size=64&margin=16"), sample)
	want := []fault.Field{{Path: "size", Reason: "too_small", Detail: "this code and its margin need 65 pixels at least"}}
	if diff := cmp.Diff(want, fault.From(err).Fields); diff != "" || fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestGolden: another SVG, or another picture, for the same request needs another edition of the tags.
func TestGolden(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "sample")
	vector, bitmap := get(t, place+".svg").Body.Bytes(), get(t, place+".png").Body.Bytes()
	if *update {
		for ending, body := range map[string][]byte{".svg": vector, ".png": bitmap} {
			if err := os.WriteFile(golden+ending, body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, err := os.ReadFile(golden + ".svg")
	if err != nil || !bytes.Equal(vector, want) {
		t.Errorf("another SVG of %d bytes, want %d, %v", len(vector), len(want), err)
	}
	// The PNG's bytes are Go's to pack, and a tag names Go's version.
	if want, err = os.ReadFile(golden + ".png"); err != nil {
		t.Fatal(err)
	}
	same(t, picture(t, bitmap), picture(t, want))
}

// TestSameBytes draws the same at the same time.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	for _, target := range []string{place + ".png", place + ".svg"} {
		want := get(t, target).Body.Bytes()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got := get(t, target).Body.Bytes(); !bytes.Equal(got, want) {
					t.Errorf("%s: other bytes", target)
				}
			})
		}
		all.Wait()
	}
}

// FuzzText: whatever a text is, the markup is ours, XML, and has nothing of it.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", sample, full, `"/><script>alert(1)</script>`, "\x00", "ü", "+12", "0123", "ABC"} {
		f.Add(text, "M")
	}
	f.Add(full, "H")
	f.Fuzz(func(t *testing.T, text, level string) {
		if _, is := levels[level]; !is {
			level = "M"
		}
		s := plain
		s.level, s.size = level, 89
		d, err := draw(text, s)
		if err != nil {
			if fault.KindOf(err) != fault.Internal {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		svg := d.svg()
		same(t, raster(t, svg), picture(t, d.png()))
		for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := dec.Token(); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				break
			}
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	for _, size := range []int{256, 512, 2048} {
		for f, name := range []string{asPNG: "png", asSVG: "svg"} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				s, n := plain, 0
				s.size = size
				b.ReportAllocs()
				for b.Loop() {
					d, err := draw(sample, s)
					if err != nil {
						b.Fatal(err)
					}
					n = len(d.as(format(f)))
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "codes/s")
				b.ReportMetric(float64(n), "bytes")
			})
		}
	}
}
