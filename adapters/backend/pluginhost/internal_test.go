// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
)

// order is a call that asks for a sku.
func order(customer, sku string) *call {
	attempt++
	return &call{method: "Put", message: &protocolv1.PutRequest{
		Call:      &protocolv1.Call{Shop: "demo", IdempotencyKey: fmt.Sprint(attempt), ShopperIp: fmt.Sprint("10.0.0.", attempt)},
		Reference: fmt.Sprint("ref-", attempt), CustomerToken: customer, Items: []*protocolv1.Item{{Sku: sku, Quantity: 1}},
	}}
}

var attempt int // no attempt is like another

func TestDocket(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		does func(d *docket)
		call *call
		want verdict
	}{
		{"nothing yet", func(*docket) {}, order("", "a"), clean},
		{"twice alone", func(d *docket) { d.crashed([]*call{order("", "a")}); d.crashed([]*call{order("", "a")}) }, order("", "a"), suspected},
		{"three times alone", crashes3("", "a"), order("", "a"), condemned},
		{"another sku", crashes3("", "a"), order("", "b"), clean},
		{"a customer alone", crashes3("c", "a"), order("c", "a"), condemned},
		{"the sku of one customer", crashes3("c", "a"), order("", "a"), suspected},
		{"the sku of two customers", func(d *docket) { crashes3("c", "a")(d); d.crashed([]*call{order("d", "a")}) }, order("e", "a"), condemned},
		{"an answer in between", func(d *docket) {
			d.crashed([]*call{order("", "a")})
			d.crashed([]*call{order("", "a")})
			d.acquit(order("", "a"))
			d.crashed([]*call{order("", "a")})
		}, order("", "a"), suspected},
		{"in company each time", func(d *docket) {
			for range 10 {
				d.crashed([]*call{order("", "a"), order("", "b")})
			}
		}, order("", "a"), suspected},
		{"the one suspect among others", func(d *docket) {
			d.crashed([]*call{order("", "a"), order("", "b")})
			d.acquit(order("", "b"))
			for i := range 3 {
				d.crashed([]*call{order("", "a"), order("", fmt.Sprint("new-", i))})
			}
		}, order("", "a"), condemned},
		{"those others", func(d *docket) {
			d.crashed([]*call{order("", "a"), order("", "b")})
			d.acquit(order("", "b"))
			for range 3 {
				d.crashed([]*call{order("", "a"), order("", "b")})
				d.acquit(order("", "b"))
			}
		}, order("", "b"), clean},
		{"after a long time", func(d *docket) { crashes3("", "a")(d); now = now.Add(suspicionFor + 1) }, order("", "a"), clean},
		{"forgotten", func(d *docket) { crashes3("", "a")(d); d.forget() }, order("", "a"), clean},
		{"no protobuf", func(d *docket) { d.crashed([]*call{{method: "Put", message: "?"}}) }, &call{method: "Put", message: "?"}, clean},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDocket()
			d.now = func() time.Time { return now }
			tt.does(d)
			if got := d.judge(tt.call); got != tt.want {
				t.Errorf("got verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func crashes3(customer, sku string) func(*docket) {
	return func(d *docket) {
		for range 3 {
			d.crashed([]*call{order(customer, sku)})
		}
	}
}

func TestDocketSaysWhomItCondemned(t *testing.T) {
	t.Parallel()
	d := newDocket()
	one := &call{method: "Get", message: &protocolv1.GetRequest{Id: "1"}}
	for i := range 5 {
		if got := d.crashed([]*call{one}); (len(got) == 1) != (i == 2) {
			t.Errorf("crash %d condemned %d calls", i+1, len(got))
		}
	}
	if d.refused() != 1 {
		t.Errorf("%d are refused", d.refused())
	}
	if v := d.judge(&call{method: "Get", message: &protocolv1.GetRequest{Id: "2"}}); v != clean {
		t.Errorf("another cart: verdict %d", v)
	}
	if v := d.judge(&call{method: "ByReference", message: &protocolv1.ByReferenceRequest{Reference: "1"}}); v != clean {
		t.Errorf("another method: verdict %d", v)
	}
}

func TestDocketIsBounded(t *testing.T) {
	t.Parallel()
	d := newDocket()
	for i := range 3 * suspectsMax {
		d.crashed([]*call{{method: "Get", message: &protocolv1.GetRequest{Id: fmt.Sprint(i)}}})
	}
	if len(d.suspects) > suspectsMax {
		t.Errorf("it remembers %d", len(d.suspects))
	}
}

func TestFingerprintsLeaveTheMessageAlone(t *testing.T) {
	t.Parallel()
	c := &call{method: "Put", message: &protocolv1.PutRequest{
		Call: &protocolv1.Call{IdempotencyKey: "k"}, Reference: "r", CustomerToken: "c", Items: []*protocolv1.Item{{Sku: "a"}}}}
	before := proto.Clone(c.message.(proto.Message))
	if n := len(c.fingerprints()); n != 2 {
		t.Errorf("got %d fingerprints", n)
	}
	if !proto.Equal(before, c.message.(proto.Message)) {
		t.Errorf("got %v", c.message)
	}
	byReference := func(reference string) fingerprint {
		c := call{method: "ByReference", message: &protocolv1.ByReferenceRequest{Reference: reference}}
		return c.fingerprints()[0]
	}
	if byReference("a") == byReference("b") {
		t.Error("two orders have one fingerprint")
	}
}

func TestRest(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	c := crashes{pace: defaultPace()}
	for n := 1; n <= 8; n++ {
		c.add(now)
		rest, quarantined := c.rest(now)
		if quarantined || (rest == 0) != (n <= 5) || rest > time.Second {
			t.Errorf("after %d crashes: %s, %v", n, rest, quarantined)
		}
	}
	c.add(now)
	if rest, quarantined := c.rest(now); !quarantined || rest != 5*time.Minute {
		t.Errorf("after nine: %s, %v", rest, quarantined)
	}
	c.tried(now, true)
	now = now.Add(59 * time.Second)
	c.add(now)
	if _, quarantined := c.rest(now); !quarantined {
		t.Error("a crash soon after the try was borne")
	}
	c.tried(now, true)
	now = now.Add(61 * time.Second)
	c.add(now)
	if rest, quarantined := c.rest(now); quarantined || rest != 0 {
		t.Errorf("a crash long after the try: %s, %v", rest, quarantined)
	}
	c.forget()
	if rest, quarantined := c.rest(now); quarantined || rest != 0 {
		t.Errorf("after Reset: %s, %v", rest, quarantined)
	}
}

// TestRestWhileTheFileIsAnother is longer and longer, and no quarantine however long it lasts.
func TestRestWhileTheFileIsAnother(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	c := crashes{pace: defaultPace()}
	for n := 1; n <= 50; n++ {
		c.look(errors.New("another"))
		rest, quarantined := c.rest(now)
		if quarantined || rest <= 0 || rest > backoffMax || n > 10 && rest < backoffMax/2 {
			t.Errorf("after %d looks: %s, %v", n, rest, quarantined)
		}
		now = now.Add(rest)
	}
	c.look(nil)
	if rest, quarantined := c.rest(now); rest != 0 || quarantined {
		t.Errorf("once it is back: %s, %v", rest, quarantined)
	}
}

func TestCountParts(t *testing.T) {
	t.Parallel()
	as := (&protocolv1.PutResponse{}).ProtoReflect().Descriptor()
	cart := &protocolv1.Cart{Id: "1", Lines: []*protocolv1.Line{{Id: "a"}, {Id: "b"}}}
	wire, err := proto.Marshal(&protocolv1.PutResponse{Cart: cart, Problems: []*protocolv1.Problem{{Sku: "a"}}, Pages: &protocolv1.Pages{Checkout: &protocolv1.WebRequest{Url: "u"}}})
	if err != nil {
		t.Fatal(err)
	}
	if n := countParts(wire, as, nestingMax); n != 6 { // cart, two lines, problem, pages, checkout
		t.Errorf("got %d parts, want 6", n)
	}
	lines := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte(strings.Repeat("\x1a\x00", 2*partsMax)))
	for name, flood := range map[string][]byte{
		"problems": []byte(strings.Repeat("\x12\x00", 2*partsMax)), "lines of a cart": lines,
	} {
		if n := countParts(flood, as, nestingMax); n <= partsMax {
			t.Errorf("%s: got %d parts", name, n)
		}
		if err := newCodec().Unmarshal(bufferOf(flood), &protocolv1.PutResponse{}); err == nil || !strings.Contains(err.Error(), "parts") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzUnmarshal holds the codec to the usual one, but for answers of too many parts.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("\x12\x00"))
	f.Add([]byte("\x0a\x04\x1a\x02\x12\x00"))
	f.Add([]byte("\x0b\x0b\x0c\x0c\xff"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		var got, want protocolv1.PutResponse
		err := newCodec().Unmarshal(bufferOf(wire), &got)
		if err != nil && strings.Contains(err.Error(), "parts") {
			return
		}
		if wantErr := proto.Unmarshal(wire, &want); (err == nil) != (wantErr == nil) || err == nil && !proto.Equal(&got, &want) {
			t.Errorf("got %v, %v; want %v, %v", &got, err, &want, wantErr)
		}
	})
}
