// SPDX-License-Identifier: Apache-2.0

// Package picture draws products as SVG: a thing on a table or a peg before a
// coloured wall.
//
// Invariant: the same scene is always the same picture, and a picture is well-formed,
// holds no script, style or reference, and names no colour outside the palette. The
// package knows nothing of products or shops.
package picture

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// Size is the width and height of a picture.
const Size = 400

//go:embed motifs/*.svg
var motifs embed.FS

// Scene says what to draw. Its words are those of the tables in palette.go and the files in motifs.
type Scene struct{ Motif, Glaze, Wall string }

// Draw is the scene as an SVG document; a word nobody knows is an error.
func Draw(s Scene) ([]byte, error) {
	motif, err := motifs.ReadFile("motifs/" + s.Motif + ".svg")
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", s.Motif, err)
	}
	g, ok := glazes[s.Glaze]
	if !ok {
		return nil, fmt.Errorf("draw %s: no glaze is called %q", s.Motif, s.Glaze)
	}
	w, ok := walls[s.Wall]
	if !ok {
		return nil, fmt.Errorf("draw %s: no wall is called %q", s.Motif, s.Wall)
	}
	colours := strings.NewReplacer(
		"$main", g.main, "$dark", g.dark, "$light", g.light, "$accent", g.accent,
		"$wall", w.wall, "$table", w.table, "$glow", w.glow, "$shadow", w.shadow,
	)
	place := table
	if hangs[s.Motif] {
		place = peg
	}
	return []byte(colours.Replace(fmt.Sprintf(document, place, motif))), nil
}

// Motifs lists every motif.
func Motifs() ([]string, error) {
	files, err := fs.Glob(motifs, "motifs/*.svg")
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(f, "motifs/"), ".svg"))
	}
	return names, err
}

const document = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" viewBox="0 0 400 400">
<rect width="400" height="400" fill="$wall"/>
%s
%s</svg>
`

// table is where things stand: their feet are at y=330.
const table = `<path d="M70 300V180a130 130 0 0 1 260 0v120z" fill="$glow"/>
<path d="M0 300h400v100H0z" fill="$table"/>
<ellipse cx="208" cy="332" rx="128" ry="14" fill="$shadow" opacity=".28"/>`

// peg is where things hang and lie flat.
const peg = `<circle cx="200" cy="208" r="166" fill="$glow"/>
<ellipse cx="206" cy="350" rx="96" ry="9" fill="$shadow" opacity=".22"/>`
