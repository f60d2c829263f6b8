// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

// LinkPath is where one-time links live below the host's public URL.
const LinkPath = "/handoff/"

// Links gives out and opens one-time links; it implements inbound.HandoffLinks.
type Links struct {
	publicURL string
	shops     *Directory
	kept      store.Handoffs
	sealer    *Sealer
	now       func() time.Time
}

var _ inbound.HandoffLinks = (*Links)(nil)

// NewLinks needs the host's public URL, without a slash at its end.
func NewLinks(publicURL string, shops *Directory, s store.Store, sealer *Sealer) *Links {
	return &Links{publicURL: publicURL, shops: shops, kept: s.Handoffs, sealer: sealer, now: time.Now}
}

// Open uses the link up. The target is held to the shop's policy once more: it
// may have changed since the link was given out.
func (l *Links) Open(ctx context.Context, token handoff.Token) (handoff.Request, error) {
	h, err := l.kept.Take(ctx, token.Hash(), l.now())
	if err != nil {
		return handoff.Request{}, err
	}
	entry, err := l.shops.Shop(h.Shop)
	if err != nil {
		return handoff.Request{}, err
	}
	plain, err := l.sealer.Open(h.Target, linkSealName(h.Shop, h.Reference))
	if err != nil {
		return handoff.Request{}, err
	}
	var target handoff.Request
	if err := json.Unmarshal(plain, &target); err != nil {
		return handoff.Request{}, fault.New(fault.Internal, "seal_broken", "link target cannot be read").Because(err)
	}
	return entry.Shop.Handoff.Check(target, l.now())
}

// give makes a link to target and ends any other of the same shop and reference.
func (l *Links) give(ctx context.Context, id shop.ID, reference string, target handoff.Request) (handoff.Token, error) {
	if len(target.Cookies) > 0 || len(target.Headers) > 0 {
		return handoff.Token{}, fault.New(fault.Internal, "bad_backend_answer", "a link cannot carry cookies or headers").By(fault.Plugin)
	}
	plain, err := json.Marshal(target)
	if err != nil {
		return handoff.Token{}, fault.New(fault.Internal, "", "write link target").Because(err)
	}
	var token handoff.Token
	random(token[:])
	return token, l.kept.Put(ctx, store.Handoff{
		Hash: token.Hash(), Shop: id, Reference: reference,
		Target: l.sealer.Seal(plain, linkSealName(id, reference)), ExpiresAt: l.now().Add(handoff.LinkLife),
	})
}

func (l *Links) url(t handoff.Token) string { return l.publicURL + LinkPath + t.String() }

func (l *Links) live(ctx context.Context, h handoff.Hash) (bool, error) {
	return l.kept.Live(ctx, h, l.now())
}

func linkSealName(id shop.ID, reference string) string { return "link/" + string(id) + "/" + reference }
