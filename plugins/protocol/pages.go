// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cartage-dev/cartage/core/handoff"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

func encodePages(p *backend.Pages) (*protocolv1.Pages, error) {
	if p == nil {
		return nil, nil
	}
	m := &protocolv1.Pages{NeedLink: p.NeedLink}
	var err error
	if m.Checkout, err = encodeRequest(p.Checkout); err != nil {
		return nil, err
	}
	if p.Cart != nil {
		m.Cart, err = encodeRequest(*p.Cart)
	}
	return m, err
}

func decodePages(m *protocolv1.Pages) (*backend.Pages, error) {
	if m == nil {
		return nil, nil
	}
	if m.GetCheckout() == nil {
		return nil, badAnswer("the pages have no checkout")
	}
	p := &backend.Pages{NeedLink: m.GetNeedLink()}
	var err error
	if p.Checkout, err = decodeRequest(m.GetCheckout()); err != nil {
		return nil, err
	}
	if m.GetCart() != nil {
		c, err := decodeRequest(m.GetCart())
		if err != nil {
			return nil, err
		}
		p.Cart = &c
	}
	return p, nil
}

// knownMethod lets no method at all through: the shop's policy fills it in.
func knownMethod(m handoff.Method) bool { return m == handoff.GET || m == handoff.POST || m == "" }

func encodeRequest(r handoff.Request) (*protocolv1.WebRequest, error) {
	if !knownMethod(r.Method) {
		return nil, badAnswer("a page is opened with an unknown method")
	}
	m := &protocolv1.WebRequest{Url: r.URL, Method: string(r.Method)}
	// Sorted, so that the same answer is the same bytes; the order of one name's values is kept.
	for _, name := range slices.Sorted(maps.Keys(r.Form)) {
		for _, value := range r.Form[name] {
			m.Form = append(m.Form, &protocolv1.Pair{Name: name, Value: value})
		}
	}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, &protocolv1.Pair{Name: h.Name, Value: h.Value})
	}
	for _, c := range r.Cookies {
		m.Cookies = append(m.Cookies, &protocolv1.Cookie{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
			ExpiresAt: encodeInstant(c.ExpiresAt), HttpOnly: c.HTTPOnly, Secure: c.Secure,
		})
	}
	return m, nil
}

func decodeRequest(m *protocolv1.WebRequest) (handoff.Request, error) {
	r := handoff.Request{URL: m.GetUrl(), Method: handoff.Method(m.GetMethod())}
	if !knownMethod(r.Method) {
		return handoff.Request{}, badAnswer("a page is opened with an unknown method")
	}
	for _, pair := range m.GetForm() {
		if r.Form == nil {
			r.Form = url.Values{}
		}
		r.Form.Add(pair.GetName(), pair.GetValue())
	}
	for _, h := range m.GetHeaders() {
		r.Headers = append(r.Headers, handoff.Header{Name: h.GetName(), Value: h.GetValue()})
	}
	for _, c := range m.GetCookies() {
		expires, err := decodeInstant(c.GetExpiresAt())
		if err != nil {
			return handoff.Request{}, err
		}
		r.Cookies = append(r.Cookies, handoff.Cookie{
			Name: c.GetName(), Value: c.GetValue(), Domain: c.GetDomain(), Path: c.GetPath(),
			ExpiresAt: expires, HTTPOnly: c.GetHttpOnly(), Secure: c.GetSecure(),
		})
	}
	return r, nil
}

// encodeInstant leaves the zero time out: on the wire, absent means unknown.
func encodeInstant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func decodeInstant(m *timestamppb.Timestamp) (time.Time, error) {
	if m == nil {
		return time.Time{}, nil
	}
	if m.CheckValid() != nil {
		return time.Time{}, badAnswer("an instant is out of range")
	}
	return m.AsTime(), nil
}
