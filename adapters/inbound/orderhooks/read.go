// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// httpserver.DecodeStrict is not used here: it holds all of a body to one spelling of
// each key, and a refund carries the payment gateway's receipt, whose keys are anybody's.

var (
	errNotObject = errors.New("not an object")
	errTwice     = errors.New("given twice")
	errTooDeep   = errors.New("nested too deeply")
)

// decode reads raw, which is exactly one JSON value, into a shape.
func decode(raw []byte, into any) error {
	if depth(raw) > httpserver.DepthMax {
		return errTooDeep
	}
	return json.Unmarshal(raw, into)
}

// fill reads an object's members into those that are looked for, by their exact names;
// encoding/json alone would take a name in another case for the same, and the last of
// several. Null is not given, and other members are not looked at.
func fill(raw []byte, into map[string]any) error {
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return errNotObject
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing else stand for a name
		field, wanted := into[name]
		switch {
		case !wanted:
			field = &skipped{}
		case field == nil:
			return fmt.Errorf("%s: %w", name, errTwice)
		default:
			into[name] = nil
		}
		if err := dec.Decode(field); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// skipped is a member that nobody reads.
type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

// text is a string, and empty where something else is given: what a shopper may have
// chosen must not make an order unreadable.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	if raw[0] != '"' {
		return nil
	}
	return json.Unmarshal(raw, (*string)(t))
}

// decimal is an amount as it is written, be it a string or a number, so that it never
// becomes a float.
type decimal string

func (d *decimal) UnmarshalJSON(raw []byte) error {
	switch c := raw[0]; {
	case c == '"':
		return json.Unmarshal(raw, (*string)(d))
	case c == '-' || '0' <= c && c <= '9':
		*d = decimal(raw)
	}
	return nil
}

// lenient is a list of what people may have written. What is not of its form is left out.
type lenient[T any] []T

func (l *lenient[T]) UnmarshalJSON(raw []byte) error {
	var each []json.RawMessage
	if json.Unmarshal(raw, &each) != nil {
		return nil //nolint:nilerr // no list: there are none
	}
	for _, one := range each {
		var got T
		if json.Unmarshal(one, &got) == nil {
			*l = append(*l, got)
		}
	}
	return nil
}

// depth is how deep the brackets of JSON are nested.
func depth(raw []byte) (deepest int) {
	now, inside := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}
