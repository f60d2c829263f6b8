// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"strconv"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// Config is what the host hands to Configure.
type Config struct {
	// Backend is the backend's name in the host's config, for messages.
	Backend string
	// Log goes to the host's log, which adds which backend and process spoke. Give
	// it the context of the call, and its lines carry the request's id.
	Log *slog.Logger

	settings []byte
	// A function, because fmt prints what a map in an unexported field holds.
	secret func(name string) Secret
}

// Secret is the secret that the host's config lists under name, and an empty one when it lists none.
func (c Config) Secret(name string) Secret {
	if c.secret == nil {
		return Secret{}
	}
	return c.secret(name)
}

// Decode reads the settings into a struct with json tags. A key that the struct
// does not know, or a value of another type, is Invalid (invalid_settings) and
// names the field; no value is ever repeated in the fault. What the settings leave
// out keeps the value it had, so defaults are set before.
func (c Config) Decode(into any) error {
	settings := json.NewDecoder(bytes.NewReader(c.settings))
	settings.DisallowUnknownFields()
	if err := settings.Decode(into); err != nil {
		return settingsFault(err)
	}
	if _, err := settings.Token(); !errors.Is(err, io.EOF) {
		return invalidSettings("settings", "not_an_object", "must be one JSON object")
	}
	return nil
}

func settingsFault(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return invalidSettings(path(wrong.Field), "wrong_type", "must be "+wanted(wrong.Type))
	}
	if invalid, ok := errors.AsType[*json.InvalidUnmarshalError](err); ok {
		return fault.New(fault.Internal, "bad_decode", "settings must be decoded into a pointer").By(fault.Plugin).Because(invalid)
	}
	// The package has no type for this error.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name, err := strconv.Unquote(quoted); err == nil {
			return invalidSettings(path(name), "unknown_field", "no such setting")
		}
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return invalidSettings("settings", "malformed", "must be one JSON object")
	}
	// What is left is what a setting's own UnmarshalJSON or UnmarshalText said.
	return invalidSettings("settings", "malformed", "a value cannot be accepted").Because(err)
}

// Types as somebody knows them who writes config and no Go: one, and a list of them.
const (
	wholeNumber, wholeNumbers = "a whole number", "a list of whole numbers"
	group, groups             = "a group of keys", "a list of groups of keys"
)

var typeWords = map[reflect.Kind]struct{ one, many string }{
	reflect.Bool: {"true or false", "a list"}, reflect.String: {"a text", "a list of texts"},
	reflect.Float32: {"a number", "a list of numbers"}, reflect.Float64: {"a number", "a list of numbers"},
	reflect.Int: {wholeNumber, wholeNumbers}, reflect.Int8: {wholeNumber, wholeNumbers}, reflect.Int16: {wholeNumber, wholeNumbers},
	reflect.Int32: {wholeNumber, wholeNumbers}, reflect.Int64: {wholeNumber, wholeNumbers},
	reflect.Uint: {wholeNumber, wholeNumbers}, reflect.Uint8: {wholeNumber, "a text"}, // bytes are base64
	reflect.Uint16: {wholeNumber, wholeNumbers}, reflect.Uint32: {wholeNumber, wholeNumbers}, reflect.Uint64: {wholeNumber, wholeNumbers},
	reflect.Struct: {group, groups}, reflect.Map: {group, groups}, reflect.Slice: {"a list", "a list of lists"}, reflect.Array: {"a list", "a list of lists"},
}

// wanted is the type of a setting in such words.
func wanted(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	words := typeWords[t.Kind()].one
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		if many := typeWords[t.Elem().Kind()].many; many != "" {
			words = many
		}
	}
	if words == "" {
		return "of another type"
	}
	return words
}

func path(field string) string {
	if field == "" {
		return "settings"
	}
	return "settings." + field
}

func invalidSettings(at, reason, detail string) *Fault {
	return fault.New(fault.Invalid, "invalid_settings", "%s: %s", at, detail).By(fault.Caller).
		With(fault.Field{Path: at, Reason: reason, Detail: detail})
}
