// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
)

// Filters of a row (PNG, 9.2): as it is, and as what differs from the row above.
const (
	filterNone = 0
	filterUp   = 2
)

// packing is a level of zlib; the usual one, 6, took two and a half times as long over the
// largest code, and packed it worse.
const packing = 4

// png writes one bit for a pixel, row by row. image/png would first have a byte for each
// pixel, 4 MiB for the largest code, and would try five filters where it is known that a
// row is like the one above.
func (d drawing) png() []byte {
	var packed bytes.Buffer // which takes everything, so that nothing below fails
	z, _ := zlib.NewWriterLevel(&packed, packing)
	length := 1 + (d.size+7)/8
	blank, like := make([]byte, length), make([]byte, length)
	like[0] = filterUp
	repeat := func(row []byte, rows int) {
		for i := range rows {
			if i > 0 {
				row = like
			}
			_, _ = z.Write(row)
		}
	}
	repeat(blank, d.edge)
	for y := range d.side {
		row := make([]byte, length)
		row[0] = filterNone
		for at, n := range d.runs(y) {
			for x := d.edge + at*d.module; x < d.edge+(at+n)*d.module; x++ {
				row[1+x/8] |= 0x80 >> (x % 8)
			}
		}
		repeat(row, d.module)
	}
	repeat(blank, d.size-d.edge-d.side*d.module)
	_ = z.Close()

	side := binary.BigEndian.AppendUint32(nil, uint32(d.size)) //nolint:gosec // sizeMax at most
	out := []byte("\x89PNG\r\n\x1a\n")
	out = chunk(out, "IHDR", side, side, []byte{1, 3, 0, 0, 0}) // a bit deep, of a palette, not interlaced
	out = chunk(out, "PLTE", d.light[:], d.dark[:])
	out = chunk(out, "IDAT", packed.Bytes())
	return chunk(out, "IEND")
}

// chunk appends a chunk: its length, kind, data, and a sum of kind and data.
func chunk(out []byte, kind string, data ...[]byte) []byte {
	all := append([]byte(kind), bytes.Join(data, nil)...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(all)-len(kind))) //nolint:gosec // a bit for each pixel at most
	out = append(out, all...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(all))
}
