// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/core/fault"
)

// DepthMax is how deep arrays and objects may be nested.
const DepthMax = 32

// InvalidJSON is the code of every fault that DecodeStrict blames on the caller.
const InvalidJSON = "invalid_json"

// DecodeStrict reads raw as exactly one JSON value into what into points to, which
// is made of structs without embedded fields, slices, strings, booleans and
// integers, and of pointers to these.
//
// Where encoding/json would guess or choose, it refuses: data behind the value, a
// key that comes twice in one object or differs from another or from a field's
// name only in case, text that is not UTF-8, half a surrogate pair, NUL, an
// integer written as 1.0 or 1e2, nesting beyond DepthMax. Unknown keys are ignored,
// and null means not given. The fault is Invalid (invalid_json); its field names
// the path and the place.
func DecodeStrict(raw []byte, into any) error {
	w := newWalker(raw)
	if len(bytes.TrimSpace(raw)) == 0 {
		return w.refuse("empty", 0)
	}
	if at := firstNotUTF8(raw); at >= 0 {
		return w.refuse("not_utf8", int64(at))
	}
	if err := w.document(into); err != nil {
		return err
	}
	if reason, at := escapeFault(raw); reason != "" {
		return w.refuse(reason, int64(at))
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return w.unmarshalFault(err)
	}
	return nil
}

// refuse says why the body is not taken, and at which byte.
func (w *walker) refuse(reason string, offset int64) error {
	before := w.raw[:min(offset, int64(len(w.raw)))]
	line := bytes.Count(before, []byte{'\n'}) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fault.New(fault.Invalid, InvalidJSON, "the body is not the JSON that is expected").By(fault.Caller).
		With(fault.Field{Path: w.where(), Reason: reason, Detail: fmt.Sprintf("line %d, column %d", line, column)})
}

// syntaxFault is for an error of the token decoder, which does not count the
// brackets and commas before it: reading the whole at once says where it is.
func (w *walker) syntaxFault(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return w.refuse("unexpected_end", int64(len(w.raw)))
	}
	at := w.at
	if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(w.raw, new(json.RawMessage))); ok {
		at = max(0, syntax.Offset-1)
	}
	return w.refuse("syntax", at)
}

// unmarshalFault is for what the walk let through and encoding/json did not take.
// Nothing a caller can send comes here unless into is of a kind that DecodeStrict was not made for.
func (w *walker) unmarshalFault(err error) error {
	if mistaken, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return w.refuse("wrong_type", mistaken.Offset)
	}
	return fault.New(fault.Internal, "", "decode a body that was found well").Because(err)
}

func firstNotUTF8(raw []byte) int {
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// escapeFault looks at the \u escapes of well-formed JSON, where a backslash
// stands in strings only. encoding/json would turn half a pair into U+FFFD.
func escapeFault(raw []byte) (reason string, at int) {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(raw[i:])
		switch {
		case !ok:
			i++ // a two-character escape; its second character may be a backslash
		case unit == 0:
			return "nul", i
		case utf16.IsSurrogate(unit):
			low, _ := escapedUnit(raw[i+6:])
			if utf16.DecodeRune(unit, low) == utf8.RuneError {
				return "half_surrogate", i
			}
			i += 11
		default:
			i += 5
		}
	}
	return "", 0
}

// escapedUnit reads the \uXXXX that raw begins with.
func escapedUnit(raw []byte) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(unit), err == nil
}
