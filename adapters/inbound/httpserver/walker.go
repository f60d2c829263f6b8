// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// keyShownMax bounds how much of a stranger's key is shown in a path.
const keyShownMax = 64

// walker goes through a document token by token beside the Go type that it is
// for, and stops at what encoding/json would silently put up with.
type walker struct {
	raw  []byte
	dec  *json.Decoder
	at   int64 // where the token that was read last begins
	path []step
}

// step is one step of the path to where the walker is: a key, or an index when the key is empty.
type step struct {
	key   string
	index int
}

func newWalker(raw []byte) *walker {
	w := &walker{raw: raw, dec: json.NewDecoder(bytes.NewReader(raw))}
	w.dec.UseNumber()
	return w
}

// where prints the path as a caller writes it: items[2].sku.
func (w *walker) where() string {
	var b strings.Builder
	for _, s := range w.path {
		switch {
		case s.index >= 0:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case b.Len() > 0:
			b.WriteString("." + Printable(clip(s.key, keyShownMax)))
		default:
			b.WriteString(Printable(clip(s.key, keyShownMax)))
		}
	}
	return b.String()
}

// token reads the next token.
func (w *walker) token() (json.Token, error) {
	w.at = w.dec.InputOffset()
	for w.at < int64(len(w.raw)) && strings.IndexByte(" \t\r\n,:", w.raw[w.at]) >= 0 {
		w.at++
	}
	return w.dec.Token()
}

// document is one value of into's type, and nothing after it.
func (w *walker) document(into any) error {
	t := reflect.TypeOf(into)
	token, err := w.token()
	if err != nil {
		return w.syntaxFault(err)
	}
	if t = plainType(t); t != nil && t.Kind() == reflect.Struct && token == nil {
		return w.mistyped(t)
	}
	if err := w.value(token, t, 1); err != nil {
		return err
	}
	if rest := bytes.TrimLeft(w.raw[w.dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return w.refuse("trailing_data", int64(len(w.raw)-len(rest)))
	}
	return nil
}

// next is the value that comes next in an array or behind a key.
func (w *walker) next(at step, t reflect.Type, depth int) error {
	w.path = append(w.path, at)
	token, err := w.token()
	if err != nil {
		return w.syntaxFault(err)
	}
	if err := w.value(token, plainType(t), depth); err != nil {
		return err
	}
	w.path = w.path[:len(w.path)-1]
	return nil
}

// value holds a value that begins with token to type t; a nil t takes any.
func (w *walker) value(token json.Token, t reflect.Type, depth int) error {
	switch token := token.(type) {
	case json.Delim:
		if depth > DepthMax {
			return w.refuse("too_deep", w.at)
		}
		if token == '{' {
			return w.object(t, depth)
		}
		return w.array(t, depth)
	case json.Number:
		return w.number(token, t)
	case string:
		return w.of(t, reflect.String)
	case bool:
		return w.of(t, reflect.Bool)
	}
	return nil // null: not given
}

// of refuses a value of the given kind where t is of another.
func (w *walker) of(t reflect.Type, kind reflect.Kind) error {
	if t == nil || t.Kind() == kind {
		return nil
	}
	return w.mistyped(t)
}

func (w *walker) array(t reflect.Type, depth int) error {
	if err := w.of(t, reflect.Slice); err != nil {
		return err
	}
	var element reflect.Type
	if t != nil {
		element = t.Elem()
	}
	for i := 0; w.dec.More(); i++ {
		if err := w.next(step{index: i}, element, depth+1); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *walker) object(t reflect.Type, depth int) error {
	if err := w.of(t, reflect.Struct); err != nil {
		return err
	}
	seen := map[string]string{} // folded, to the key as written
	for w.dec.More() {
		token, err := w.token()
		if err != nil {
			return w.syntaxFault(err)
		}
		key, _ := token.(string) // the decoder lets nothing else stand for a key
		at, folded := step{key: key, index: -1}, fold(key)
		name, field := fieldOf(t, folded)
		before, twice := seen[folded]
		if reason := keyFault(key, twice, before, name); reason != "" {
			w.path = append(w.path, at)
			return w.refuse(reason, w.at)
		}
		seen[folded] = key
		if err := w.next(at, field, depth+1); err != nil {
			return err
		}
	}
	return w.end()
}

// keyFault compares a key with the one of the same folding that came before it in its
// object, and with the name of the field that encoding/json would put its value into.
func keyFault(key string, twice bool, before, name string) string {
	switch {
	case twice && before == key:
		return "duplicate_key"
	case twice, name != "" && name != key:
		return "case_variant_key"
	}
	return ""
}

// end takes the closing bracket, or whatever stands in its place.
func (w *walker) end() error {
	if _, err := w.token(); err != nil {
		return w.syntaxFault(err)
	}
	return nil
}

func (w *walker) number(n json.Number, t reflect.Type) error {
	if t == nil {
		return nil
	}
	if !isInteger(t) {
		return w.mistyped(t)
	}
	_, err := strconv.ParseInt(n.String(), 10, t.Bits())
	switch {
	case errors.Is(err, strconv.ErrRange):
		return w.refuse("out_of_range", w.at)
	case err != nil:
		return w.refuse("not_an_integer", w.at)
	}
	return nil
}

// mistyped names what should stand here.
func (w *walker) mistyped(t reflect.Type) error {
	reason := "wrong_type"
	switch kind := t.Kind(); {
	case isInteger(t):
		reason = "not_an_integer"
	case kind == reflect.String:
		reason = "not_a_string"
	case kind == reflect.Bool:
		reason = "not_a_boolean"
	case kind == reflect.Slice:
		reason = "not_an_array"
	case kind == reflect.Struct:
		reason = "not_an_object"
	}
	return w.refuse(reason, w.at)
}

func isInteger(t reflect.Type) bool { return reflect.Int <= t.Kind() && t.Kind() <= reflect.Int64 }

// plainType looks through pointers; a type that the walker does not hold values to is nil.
func plainType(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	switch {
	case isInteger(t), t.Kind() == reflect.String, t.Kind() == reflect.Bool, t.Kind() == reflect.Slice, t.Kind() == reflect.Struct:
		return t
	}
	return nil
}

// fieldOf finds the field of a struct that encoding/json would fill from a key.
func fieldOf(t reflect.Type, folded string) (name string, field reflect.Type) {
	if t == nil {
		return "", nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if f.IsExported() && name != "-" && fold(name) == folded {
			return name, f.Type
		}
	}
	return "", nil
}

// fold is the same for exactly those keys that encoding/json takes for one another:
// it compares by Unicode's simple folding, under which the Kelvin sign is a k.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}
