// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

// manyDetails takes half a megabyte on the wire, and fifty times that once it is decoded.
func manyDetails() error {
	details := make([]*anypb.Any, 200_000)
	for i := range details {
		details[i] = &anypb.Any{}
	}
	s := status.New(codes.NotFound, "").Proto()
	s.Details = details
	return status.ErrorProto(s)
}

// largestFault is as large as plugins/protocol/README.md lets a fault be.
func largestFault() error {
	f := sdk.NewFault(sdk.Invalid, strings.Repeat("c", 64), "%s", strings.Repeat("m", 512)).By(sdk.SourceCaller)
	for range 128 {
		f = f.With(sdk.Field{Path: strings.Repeat("p", 256), Reason: strings.Repeat("r", 64), Detail: strings.Repeat("d", 256)})
	}
	return f
}

// TestLargestFault crosses whole: the bound on headers is for what no fault needs.
func TestLargestFault(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	_, err := put(soon(t, 20*time.Second), launch(t, h, ""), "largest fault")
	if f := fault.From(err); f.Kind != fault.Invalid || len(f.Fields) != 128 || len(f.Fields[127].Detail) != 256 || len(f.Message) != 512 {
		t.Errorf("got %d fields, %.200v", len(f.Fields), err)
	}
}
