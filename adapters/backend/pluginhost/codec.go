// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// partsMax bounds the messages within an answer. The bound on its bytes is not
// enough: an empty message takes two bytes on the wire, and a hundred once it is decoded.
const partsMax = 20_000

// nestingMax is deeper than any answer is.
const nestingMax = 32

// bounded is the usual codec, but for answers that would take far more memory than bytes.
type bounded struct{ encoding.CodecV2 }

func newCodec() encoding.CodecV2 { return bounded{encoding.GetCodecV2(grpcproto.Name)} }

// Unmarshal implements encoding.CodecV2.
func (b bounded) Unmarshal(data mem.BufferSlice, into any) error {
	m, ok := into.(proto.Message)
	if !ok {
		return b.CodecV2.Unmarshal(data, into)
	}
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer whole.Free()
	if n := countParts(whole.ReadOnlyData(), m.ProtoReflect().Descriptor(), nestingMax); n > partsMax {
		return fmt.Errorf("an answer of more than %d parts", partsMax)
	}
	return proto.Unmarshal(whole.ReadOnlyData(), m)
}

// countParts counts the messages in wire, and stops once they are too many. What
// cannot be read it leaves to the decoder.
func countParts(wire []byte, as protoreflect.MessageDescriptor, depth int) (n int) {
	for len(wire) > 0 && n <= partsMax {
		number, kind, size := protowire.ConsumeTag(wire)
		if size < 0 {
			return n
		}
		wire = wire[size:]
		field := as.Fields().ByNumber(number)
		if kind == protowire.BytesType && field != nil && field.Message() != nil {
			part, size := protowire.ConsumeBytes(wire)
			if size < 0 {
				return n
			}
			wire = wire[size:]
			if n++; depth > 0 {
				n += countParts(part, field.Message(), depth-1)
			}
			continue
		}
		if field != nil && field.IsList() {
			n++
		}
		if size = protowire.ConsumeFieldValue(number, kind, wire); size < 0 {
			return n
		}
		wire = wire[size:]
	}
	return n
}
