// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"context"
	"image"
	paint "image/draw"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/fault"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, media string }{{place, "image/png"}, {place + ".svg", "image/svg+xml"}} {
		out := get(t, tt.target)
		want := http.Header{
			"Content-Type": {tt.media}, "Content-Length": {strconv.Itoa(out.Body.Len())},
			"Cache-Control": {"private, max-age=300"}, "Vary": {"Accept, Authorization"}, "Etag": {out.Header().Get("ETag")},
			"X-Content-Type-Options": {"nosniff"}, "Content-Security-Policy": {"default-src 'none'; sandbox"},
		}
		if diff := cmp.Diff(want, out.Header()); diff != "" || out.Code != http.StatusOK {
			t.Errorf("%d (-want +got):\n%s", out.Code, diff)
		}
		head, err := ask(codes(t), request(t, http.MethodHead, tt.target), sample)
		if diff := cmp.Diff(want, head.Header()); err != nil || diff != "" || head.Body.Len() > 0 || head.Code != http.StatusOK {
			t.Errorf("HEAD: %v, %d, %d bytes (-want +got):\n%s", err, head.Code, head.Body.Len(), diff)
		}
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	first := get(t, place+".svg?size=300").Header()
	want := first.Clone()
	want.Del("Content-Type")
	want.Del("Content-Length")
	for _, given := range []string{first.Get("ETag"), "W/" + first.Get("ETag"), `"x", ` + first.Get("ETag"), "*"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			out, err := ask(codes(t), request(t, method, place+".svg?size=300", "If-None-Match", given), sample)
			if diff := cmp.Diff(want, out.Header()); err != nil || diff != "" || out.Code != http.StatusNotModified || out.Body.Len() > 0 {
				t.Errorf("%s %s: %v, %d (-want +got):\n%s", method, given, err, out.Code, diff)
			}
		}
	}
	for _, target := range []string{".svg", ".png?size=300", "?size=300", ".svg?size=301"} {
		if out := get(t, place+target, "If-None-Match", first.Get("ETag")); out.Code != http.StatusOK || out.Body.Len() == 0 {
			t.Errorf("%s: %d", target, out.Code)
		}
	}
	if out := get(t, place+"?format=json", "If-None-Match", "*"); out.Code != http.StatusOK || out.Body.Len() == 0 {
		t.Errorf("JSON: %d", out.Code)
	}
	out, err := ask(codes(t), request(t, http.MethodGet, place+"?margin=16&size=64", "If-None-Match", "*"), sample)
	if fault.KindOf(err) != fault.Invalid || len(out.Header()) > 0 {
		t.Errorf("whatever there is of a code that cannot be drawn: %v, %v", err, out.Header())
	}
}

// TestChromium has a browser show both formats beside each other by their signed addresses, as a
// plain page does, and the SVG alone: each is our picture, pixel for pixel. Without a browser the
// test is skipped, unless CARTAGE_TEST_BROWSER=required says that it must be there.
func TestChromium(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	c := codes(t)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.public = server.URL
	bitmap, vector := signed(t, c, "&size=300&dark=1a237e&light=fff8e1")
	bitmap, vector = strings.TrimPrefix(bitmap, server.URL), strings.TrimPrefix(vector, server.URL)
	for _, path := range []string{place + ".png", place + ".svg"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			signed, err := c.Signed(r)
			if err == nil {
				err = c.Serve(w, r, sample, signed)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusForbidden)
			}
		})
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<!DOCTYPE html><body style="margin:0"><img src="`+strings.ReplaceAll(bitmap, "&", "&amp;")+
			`"><img src="`+strings.ReplaceAll(vector, "&", "&amp;")+`" style="position:absolute;left:300px;top:0">`)
	})
	out, err := ask(c, request(t, http.MethodGet, bitmap), sample)
	if err != nil {
		t.Fatal(err)
	}
	ours := picture(t, out.Body.Bytes())
	beside := image.NewRGBA(image.Rect(0, 0, 600, 300))
	paint.Draw(beside, image.Rect(0, 0, 300, 300), ours, image.Point{}, paint.Src)
	paint.Draw(beside, image.Rect(300, 0, 600, 300), ours, image.Point{}, paint.Src)
	shown := shot(t, chromium, server.URL+"/", 600)
	same(t, shown, beside)
	alone := shot(t, chromium, server.URL+vector, 300)
	same(t, alone, ours)
	if got := scan(t, alone, false); got != sample {
		t.Errorf("the browser shows %q", got)
	}
}

func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CARTAGE_TEST_BROWSER") == "required" {
		t.Fatal("no Chromium on PATH")
	}
	t.Skip("no Chromium on PATH")
	return ""
}

// shot is what a browser shows in a window as wide as given and 300 pixels high.
func shot(t *testing.T, chromium, address string, width int) image.Image {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "shot.png")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
		"--force-color-profile=srgb", "--user-data-dir="+folder, "--window-size="+strconv.Itoa(width)+",300", "--screenshot="+file, address)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
