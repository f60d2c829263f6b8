// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cartage-dev/cartage/core/fault"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// The bounds of a fault on the wire. What exceeds them is cut by whoever sends and by whoever receives.
const (
	messageMax    = 512 // bytes of a fault's message, and of any text that is kept for logs
	wordMax       = 64  // bytes of a code or a field's reason
	fieldTextMax  = 256 // bytes of a field's path or detail
	fieldsMax     = 128
	retryAfterMax = 24 * time.Hour
)

// kindCodes is how each kind shows to a peer that reads only gRPC's own codes.
var kindCodes = map[fault.Kind]codes.Code{
	fault.Internal:        codes.Internal,
	fault.Invalid:         codes.InvalidArgument,
	fault.NotFound:        codes.NotFound,
	fault.Conflict:        codes.FailedPrecondition,
	fault.Denied:          codes.PermissionDenied,
	fault.Unauthenticated: codes.Unauthenticated,
	fault.Unsupported:     codes.Unimplemented,
	fault.Limited:         codes.ResourceExhausted,
	fault.Unavailable:     codes.Unavailable,
	fault.Unknown:         codes.DeadlineExceeded,
}

// statusError is a gRPC status that remembers, on this side of the wire only, what it was made of.
type statusError struct {
	status *status.Status
	cause  error
}

func (e *statusError) Error() string              { return e.status.String() }
func (e *statusError) Unwrap() error              { return e.cause }
func (e *statusError) GRPCStatus() *status.Status { return e.status }

// ToStatus is err as a plugin answers it: a gRPC status whose one detail is a
// protocolv1.Fault. The cause of a fault does not cross. An error that is no
// fault crosses as a bug of the plugin without its text, since nobody knows what
// that carries; only a context's own end is told apart, as perhaps done. The source
// engine crosses as plugin: whoever speaks here is not the engine.
// The original stays in the chain, for a logger on this side. ToStatus(nil) is nil.
func ToStatus(err error) error {
	if err == nil {
		return nil
	}
	f := classify(err)
	code, known := kindCodes[f.Kind]
	if !known {
		code = codes.Internal
	}
	plain := status.New(code, text(f.Message, messageMax))
	s, detailErr := plain.WithDetails(encodeFault(f))
	if detailErr != nil {
		s = plain // the code alone says the kind
	}
	return &statusError{status: s, cause: err}
}

func classify(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unknown, "deadline_exceeded", "no answer in time").By(fault.Backend)
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Unknown, "canceled", "the call was canceled").By(fault.Caller)
	}
	return fault.New(fault.Internal, "unclassified", "the plugin met an error that it did not classify").By(fault.Plugin)
}

func encodeFault(f *fault.Error) *protocolv1.Fault {
	source := f.Source
	if source == fault.Engine {
		source = fault.Plugin
	}
	wait := min(max(f.RetryAfter, 0), retryAfterMax)
	d := &protocolv1.Fault{
		Kind: f.Kind.String(), Source: source.String(), Code: text(f.Code, wordMax), Message: text(f.Message, messageMax),
		RetryAfterMs: int64((wait + time.Millisecond - 1) / time.Millisecond), // rounded up: never sooner than asked
	}
	for _, field := range f.Fields[:min(len(f.Fields), fieldsMax)] {
		d.Fields = append(d.Fields, &protocolv1.FaultField{
			Path: text(field.Path, fieldTextMax), Reason: text(field.Reason, wordMax), Detail: text(field.Detail, fieldTextMax),
		})
	}
	return d
}

// FromStatus is the fault that a call to a plugin ended in. With a Fault detail it
// is the plugin's own. Without one — the transport spoke, or a plugin that knows only
// gRPC's codes — it is read from the code: a write whose call was cut off is
// perhaps done, whatever cut it. An error that is a fault already is returned as it
// is, and FromStatus(nil, write) is nil.
func FromStatus(err error, write bool) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	for _, detail := range s.Details() {
		if d, ours := detail.(*protocolv1.Fault); ours {
			if f, understood := decodeFault(d); understood {
				return f
			}
		}
	}
	// The text is a stranger's: it is kept for logs, never shown.
	cause := errors.New(text(s.Message(), messageMax))
	if errors.Is(err, backend.ErrInterrupted) {
		cause = fmt.Errorf("%w: %w", backend.ErrInterrupted, cause)
	}
	return fromCode(s, write).Because(cause)
}

// decodeFault is ok unless the kind is a word of a newer peer; its code then
// has to do. A source nobody knows is the plugin's.
func decodeFault(d *protocolv1.Fault) (_ *fault.Error, ok bool) {
	kind, ok := fault.ParseKind(d.GetKind())
	if !ok {
		return nil, false
	}
	source, ok := fault.ParseSource(d.GetSource())
	if !ok || source == fault.Engine {
		source = fault.Plugin
	}
	wait := min(max(d.GetRetryAfterMs(), 0), retryAfterMax.Milliseconds())
	f := &fault.Error{
		Kind: kind, Source: source, Code: text(d.GetCode(), wordMax), Message: text(d.GetMessage(), messageMax),
		RetryAfter: time.Duration(wait) * time.Millisecond,
	}
	for _, field := range d.GetFields()[:min(len(d.GetFields()), fieldsMax)] {
		f.Fields = append(f.Fields, fault.Field{
			Path: text(field.GetPath(), fieldTextMax), Reason: text(field.GetReason(), wordMax), Detail: text(field.GetDetail(), fieldTextMax),
		})
	}
	return f, true
}

func fromCode(s *status.Status, write bool) *fault.Error {
	cutOff := fault.Unavailable
	if write {
		cutOff = fault.Unknown
	}
	switch s.Code() {
	case codes.DeadlineExceeded:
		return fault.New(fault.Unknown, "deadline_exceeded", "no answer in time").By(fault.Backend)
	case codes.Canceled:
		return fault.New(cutOff, "canceled", "the call was canceled").By(fault.Plugin)
	case codes.Unavailable:
		return fault.New(cutOff, "plugin_gone", "the plugin did not answer").By(fault.Plugin)
	case codes.ResourceExhausted:
		if tooLarge(s.Message()) {
			return fault.New(fault.Internal, "message_too_large", "a message exceeds %d bytes", MessageMax).By(fault.Plugin)
		}
		return fault.New(fault.Limited, "", "asked too often").By(fault.Backend)
	case codes.Unimplemented:
		return fault.New(fault.Unsupported, "not_offered", "the plugin does not offer this").By(fault.Plugin)
	case codes.InvalidArgument, codes.OutOfRange:
		return fault.New(fault.Invalid, "", "the request cannot be accepted").By(fault.Caller)
	case codes.NotFound:
		return fault.New(fault.NotFound, "", "not found").By(fault.Caller)
	case codes.AlreadyExists, codes.FailedPrecondition, codes.Aborted:
		return fault.New(fault.Conflict, "", "the state forbids the request").By(fault.Caller)
	case codes.PermissionDenied:
		return fault.New(fault.Denied, "", "not allowed").By(fault.Backend)
	case codes.Unauthenticated:
		return fault.New(fault.Unauthenticated, "", "credentials were refused").By(fault.Backend)
	default: // Internal, Unknown, DataLoss, and codes nobody has heard of
		return fault.New(fault.Internal, "plugin_error", "the plugin ended the call in an error").By(fault.Plugin)
	}
}

// tooLarge tells gRPC's own refusal of a large message from a plugin that is
// asked too often; both are ResourceExhausted, and only the text differs.
func tooLarge(message string) bool {
	return strings.Contains(message, "larger than max") // so say Go, C, Python and Node alike
}

// text is s as valid UTF-8 of at most so many bytes.
func text(s string, bytesMax int) string {
	if len(s) > bytesMax {
		for bytesMax > 0 && !utf8.RuneStart(s[bytesMax]) {
			bytesMax--
		}
		s = s[:bytesMax]
	}
	return strings.ToValidUTF8(s, "")
}

func badAnswer(what string) *fault.Error {
	return fault.New(fault.Internal, "bad_plugin_answer", "%s", what).By(fault.Plugin)
}

func badRequest(path, reason, detail string) *fault.Error {
	return fault.New(fault.Invalid, "bad_request", "the host's request is malformed").By(fault.Caller).
		With(fault.Field{Path: path, Reason: reason, Detail: detail})
}
