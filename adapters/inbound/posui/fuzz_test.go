// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cartage-dev/cartage/ports/inbound"
)

// FuzzToken: whatever a header says, only what was signed for a shop of the app is let in.
func FuzzToken(f *testing.F) {
	fine := sign(f, theSecret, said(noon, func(c jwt.MapClaims) { c["jti"] = "the same in every worker" }))
	for _, seed := range []string{
		fine, "", "null", "a.b.c", "..", fine + ".", strings.Repeat(".", 100), strings.ToUpper(fine), fine[:40], "eyJhbGciOiJub25lIn0." + strings.Split(fine, ".")[1] + ".",
	} {
		f.Add("Bearer "+seed, "Bearer "+seed)
	}
	b := newBench(f, nil)
	b.now = func() time.Time { return noon }
	f.Fuzz(func(t *testing.T, header, other string) {
		r := httptest.NewRequest(http.MethodGet, Base+goodQuery, nil)
		r.Header["Authorization"] = []string{header}
		if other != header {
			r.Header["Authorization"] = append(r.Header["Authorization"], other)
		}
		token, why := bearer(r)
		if why != "" {
			if why != notSent && why != malformed || token != "" {
				t.Errorf("%q is %s", header, why)
			}
			return
		}
		who, why := b.handler.identify(token)
		if why == "" && token != fine {
			t.Errorf("%q was let in as %+v", token, who)
		}
		if (who.shop != "") != (why == "") {
			t.Errorf("%q is %s of %q", token, why, who.shop)
		}
	})
}

// FuzzClaims: whatever is signed, a shop comes only of claims that name it as Shopify does.
func FuzzClaims(f *testing.F) {
	raw, _ := json.Marshal(said(noon, nil))
	for _, seed := range []string{
		string(raw), "{}", "null", "[]", `{"aud":["` + theClient + `"]}`, `{"aud":[[]],"exp":1e400}`, `{"aud":"` + theClient + `","exp":-1e300,"nbf":null,"iat":"1"}`,
		strings.Replace(string(raw), demoDomain, "demo-shop.myshopify.com:443", 1), strings.Replace(string(raw), `"dest"`, `"Dest"`, 1),
	} {
		f.Add([]byte(seed))
	}
	b := newBench(f, nil)
	b.now = func() time.Time { return noon }
	f.Fuzz(func(t *testing.T, claims []byte) {
		text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
		signature, err := jwt.SigningMethodHS256.Sign(text, []byte(theSecret))
		if err != nil {
			t.Fatal(err)
		}
		who, why := b.handler.identify(text + "." + base64.RawURLEncoding.EncodeToString(signature))
		if why == "" && (who.shop != "demo" && who.shop != "second" || who.token == "" || who.issued.After(noon.Add(leeway)) ||
			!strings.Contains(string(claims), theClient) && !strings.Contains(string(claims), `\u`)) {
			t.Errorf("%s was let in as %+v", claims, who)
		}
		if why != "" && who.shop != "" {
			t.Errorf("%s is %s of %s", claims, why, who.shop)
		}
	})
}

// FuzzRequest: whatever an extension of the shop sends, the answer is a documented one, and what
// reaches the port is of the token's shop and bounded.
func FuzzRequest(f *testing.F) {
	names := []string{"loyalty", "reserve", "release", "commit"}
	for i, name := range names {
		q := good[name]
		_, query, _ := strings.Cut(q.path, "?")
		for _, text := range []string{q.body, "", "{}", "null", "\ufeff" + goodBody, goodBody + "x", goodCommit, `{"offer_id":"a","Offer_ID":"b"}`, strings.Replace(goodBody, "till-1", `\ud800`, 1)} {
			f.Add(uint8(i), query, anID, "key-1", []byte(text))
		}
	}
	f.Add(uint8(0), "customer_id=1&currency=JPY&locale=%00&cart_total=1e5", "..", "\x00", []byte("{}"))
	f.Fuzz(func(t *testing.T, which uint8, query, id, key string, text []byte) {
		b := newBench(t, nil)
		at := &endpoints[int(which)%len(endpoints)]
		b.port.offers = []inbound.Offer{fiveOff()}
		r := httptest.NewRequest(at.method, Base+"/x", strings.NewReader(string(text)))
		r.URL.RawQuery = query
		r.SetPathValue("id", id)
		r.Header.Set("Authorization", "Bearer "+sign(t, theSecret, said(b.now(), nil)))
		r.Header[keyHeader] = []string{key}
		out := httptest.NewRecorder()
		b.handler.endpoint(at).ServeHTTP(out, r)
		if out.Code == at.status {
			if !json.Valid(out.Body.Bytes()) || out.Header().Get("Content-Type") != "application/json" {
				t.Errorf("got %s", out.Body)
			}
		} else {
			var p problemAnswer
			if err := json.Unmarshal(out.Body.Bytes(), &p); err != nil || tellings[p.Code].status != out.Code || out.Code != 400 && out.Code != 413 && out.Code != 422 {
				t.Errorf("%d says %s: %v", out.Code, out.Body, err)
			}
		}
		for _, till := range b.port.tills {
			if till.Shop != "demo" || len(till.Locale) > localeMax || strings.Trim(string(till.Customer), "0123456789") != "" || at.name == "loyalty" && !till.Currency.Known() {
				t.Errorf("the port was asked by %+v", till)
			}
		}
		for _, asked := range b.port.asked {
			if len(asked.Key) > keyMax || len(asked.Device) > deviceMax || asked.Location == "" {
				t.Errorf("the port was asked for %+v", asked)
			}
		}
		if told := at.name == "reserve" && out.Code == at.status; (len(b.port.heardOf()) == 1) != told {
			t.Errorf("%s: %d, and the port heard of %v", at.name, out.Code, b.port.heardOf())
		}
	})
}
