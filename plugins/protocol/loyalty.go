// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"encoding/hex"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

type loyaltyClient struct{ client protocolv1.LoyaltyClient }

var _ backend.Loyalty = loyaltyClient{}

func (l loyaltyClient) Points(ctx context.Context, call backend.Call, customer loyalty.CustomerID) (loyalty.Points, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return 0, err
	}
	answer, err := l.client.Points(ctx, &protocolv1.PointsRequest{Call: encodeCall(call), Customer: string(customer)})
	if err != nil {
		return 0, FromStatus(err, false)
	}
	return balance(answer.GetPoints())
}

func (l loyaltyClient) Move(ctx context.Context, call backend.Call, m backend.Movement) (loyalty.Points, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return 0, err
	}
	answer, err := l.client.Move(ctx, &protocolv1.MoveRequest{Call: encodeCall(call), Movement: encodeMovement(m)})
	if err != nil {
		return 0, FromStatus(err, true)
	}
	return balance(answer.GetPoints())
}

func (l loyaltyClient) Moved(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
	ctx, err := begin(ctx)
	if err != nil {
		return backend.Movement{}, err
	}
	answer, err := l.client.Moved(ctx, &protocolv1.MovedRequest{Call: encodeCall(call), Key: string(key)})
	if err != nil {
		return backend.Movement{}, FromStatus(err, false)
	}
	m := decodeMovement(answer.GetMovement())
	return m, inEffect(m)
}

// RegisterLoyalty serves l on s.
func RegisterLoyalty(s grpc.ServiceRegistrar, l backend.Loyalty) {
	protocolv1.RegisterLoyaltyServer(s, loyaltyServer{loyalty: l})
}

type loyaltyServer struct {
	protocolv1.UnimplementedLoyaltyServer
	loyalty backend.Loyalty
}

func (s loyaltyServer) Points(ctx context.Context, m *protocolv1.PointsRequest) (*protocolv1.PointsResponse, error) {
	call, err := decodeCall(m.GetCall())
	if err != nil {
		return nil, ToStatus(err)
	}
	if m.GetCustomer() == "" {
		return nil, ToStatus(badRequest("customer", "required", ""))
	}
	points, err := s.loyalty.Points(Incoming(ctx), call, loyalty.CustomerID(m.GetCustomer()))
	if err != nil {
		return nil, ToStatus(err)
	}
	if _, err := balance(int64(points)); err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.PointsResponse{Points: int64(points)}, nil
}

func (s loyaltyServer) Move(ctx context.Context, m *protocolv1.MoveRequest) (*protocolv1.MoveResponse, error) {
	call, movement, err := decodeMove(m)
	if err != nil {
		return nil, ToStatus(err)
	}
	points, err := s.loyalty.Move(Incoming(ctx), call, movement)
	if err != nil {
		return nil, ToStatus(err)
	}
	if _, err := balance(int64(points)); err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.MoveResponse{Points: int64(points)}, nil
}

func (s loyaltyServer) Moved(ctx context.Context, m *protocolv1.MovedRequest) (*protocolv1.MovedResponse, error) {
	call, err := decodeCall(m.GetCall())
	if err != nil {
		return nil, ToStatus(err)
	}
	key := idempotency.Key(m.GetKey())
	if !wellFormed(key) {
		return nil, ToStatus(malformedKey("key"))
	}
	movement, err := s.loyalty.Moved(Incoming(ctx), call, key)
	if err != nil {
		return nil, ToStatus(err)
	}
	if err := inEffect(movement); err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.MovedResponse{Movement: encodeMovement(movement)}, nil
}

// decodeMove lets a movement of no points through: to refuse that is the port's business.
func decodeMove(m *protocolv1.MoveRequest) (backend.Call, backend.Movement, error) {
	call, err := decodeCall(m.GetCall())
	movement := decodeMovement(m.GetMovement())
	switch {
	case err != nil:
	case !wellFormed(call.Key):
		err = malformedKey("call.idempotency_key")
	case m.GetMovement() == nil:
		err = badRequest("movement", "required", "")
	case movement.Customer == "":
		err = badRequest("movement.customer", "required", "")
	case !knownReason(movement.Reason):
		err = badRequest("movement.reason", "unknown_reason", "must be redeemed, returned, earned or clawed")
	}
	if err != nil {
		return backend.Call{}, backend.Movement{}, err
	}
	return call, movement, nil
}

func encodeMovement(m backend.Movement) *protocolv1.Movement {
	return &protocolv1.Movement{Customer: string(m.Customer), Points: int64(m.Points), Reason: string(m.Reason), Order: string(m.Order)}
}

func decodeMovement(m *protocolv1.Movement) backend.Movement {
	return backend.Movement{
		Customer: loyalty.CustomerID(m.GetCustomer()), Points: loyalty.Points(m.GetPoints()),
		Reason: backend.MovementReason(m.GetReason()), Order: loyalty.OrderID(m.GetOrder()),
	}
}

// inEffect refuses an answer that no movement can be; an absent one is the empty movement.
func inEffect(m backend.Movement) error {
	switch {
	case m == (backend.Movement{}):
		return badAnswer("the answer has no movement")
	case m.Customer == "" || m.Points == 0:
		return badAnswer("the movement is nobody's or moves nothing")
	case !knownReason(m.Reason):
		return badAnswer("the movement has no known reason")
	}
	return nil
}

// balance is what there is to spend. It may exceed loyalty.PointsMax, since no gift is refused.
func balance(points int64) (loyalty.Points, error) {
	if points < 0 {
		return 0, badAnswer("there is less than nothing to spend")
	}
	return loyalty.Points(points), nil
}

func knownReason(r backend.MovementReason) bool {
	switch r {
	case backend.PointsRedeemed, backend.PointsReturned, backend.PointsEarned, backend.PointsClawed:
		return true
	}
	return false
}

// wellFormed holds a key that is kept for long to its form: what is cut short, or padded, would be another's.
func wellFormed(key idempotency.Key) bool {
	raw, err := hex.DecodeString(string(key))
	return err == nil && len(raw) == keyBytes
}

const keyBytes = 32

func malformedKey(path string) error {
	return badRequest(path, "malformed", "must be 64 hexadecimal characters")
}
