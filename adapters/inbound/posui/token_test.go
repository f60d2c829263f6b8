// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func segment(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// by is a token of some method and header.
func by(t testing.TB, method jwt.SigningMethod, key any, header map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, said(noon, nil))
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tokens is one for each thing that can be wrong with a token, and why it is no good; empty is good.
func tokens(t testing.TB) map[string][2]string {
	t.Helper()
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&pair.PublicKey)})
	with := func(edit func(jwt.MapClaims)) string { return sign(t, theSecret, said(noon, edit)) }
	set := func(name string, value any) string { return with(func(c jwt.MapClaims) { c[name] = value }) }
	without := func(name string) string { return with(func(c jwt.MapClaims) { delete(c, name) }) }
	at := func(name string, d time.Duration) string { return set(name, noon.Add(d).Unix()) }
	fine := with(nil)
	parts := strings.Split(fine, ".")
	hs256 := map[string]string{"alg": "HS256", "typ": "JWT"}
	return map[string][2]string{
		"good":                             {fine, ""},
		"signed with the old secret":       {sign(t, oldSecret, said(noon, nil)), ""},
		"signed with another app's":        {sign(t, otherSecret, said(noon, nil)), forged},
		"signed with nothing":              {by(t, jwt.SigningMethodHS256, []byte{}, nil), forged},
		"not signed, and says so":          {by(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil), forged},
		"none, in capitals":                {segment(map[string]string{"alg": "NONE"}) + "." + parts[1] + ".", malformed},
		"none, with a good signature":      {segment(map[string]string{"alg": "none"}) + "." + parts[1] + "." + parts[2], forged},
		"no signature":                     {parts[0] + "." + parts[1] + ".", forged},
		"RS256":                            {by(t, jwt.SigningMethodRS256, pair, nil), forged},
		"HS256 under a public key":         {by(t, jwt.SigningMethodHS256, public, nil), forged},
		"RS256, signed with the secret":    {segment(map[string]string{"alg": "RS256"}) + "." + parts[1] + "." + parts[2], forged},
		"HS384":                            {by(t, jwt.SigningMethodHS384, []byte(theSecret), nil), forged},
		"HS512":                            {by(t, jwt.SigningMethodHS512, []byte(theSecret), nil), forged},
		"method in lower case":             {segment(map[string]string{"alg": "hs256"}) + "." + parts[1] + "." + parts[2], malformed},
		"no method":                        {segment(map[string]string{"typ": "JWT"}) + "." + parts[1] + "." + parts[2], malformed},
		"method is a number":               {segment(map[string]int{"alg": 256}) + "." + parts[1] + "." + parts[2], malformed},
		"a key of its own":                 {by(t, jwt.SigningMethodHS256, []byte(theSecret), map[string]any{"kid": "x", "jku": "https://evil.example"}), ""},
		"critical extension":               {by(t, jwt.SigningMethodHS256, []byte(theSecret), map[string]any{"crit": []string{"b64"}, "b64": false}), malformed},
		"another's claims":                 {parts[0] + "." + segment(said(noon, ofShop(secondShop))) + "." + parts[2], forged},
		"signature cut off":                {fine[:len(fine)-2], malformed},
		"signature longer":                 {fine + "AA", malformed},
		"two parts":                        {parts[0] + "." + parts[1], malformed},
		"four parts":                       {fine + "." + parts[2], malformed},
		"padded":                           {parts[0] + "." + parts[1] + "." + parts[2] + "=", malformed},
		"claims are null":                  {segment(hs256) + "." + base64.RawURLEncoding.EncodeToString([]byte("null")) + "." + parts[2], wrongAudience},
		"claims are a list":                {segment(hs256) + "." + base64.RawURLEncoding.EncodeToString([]byte("[]")) + "." + parts[2], malformed},
		"header is null":                   {base64.RawURLEncoding.EncodeToString([]byte("null")) + "." + parts[1] + "." + parts[2], malformed},
		"not base 64":                      {"!." + parts[1] + "." + parts[2], malformed},
		"no token":                         {"abc", malformed},
		"a line end in it":                 {parts[0] + ".\n" + parts[1] + "." + parts[2], forged},
		"expired":                          {at("exp", -11*time.Second), expired},
		"expired, within tolerance":        {at("exp", -9*time.Second), ""},
		"expired and forged":               {sign(t, otherSecret, said(noon, func(c jwt.MapClaims) { c["exp"] = 1 })), forged},
		"exp is a number in quotes":        {set("exp", "4102444800"), ""},
		"exp is a text":                    {set("exp", "never"), malformed},
		"exp is null":                      {set("exp", nil), lacksClaims},
		"exp beyond all time":              {set("exp", 1e300), expired},
		"no exp":                           {without("exp"), lacksClaims},
		"nbf ahead":                        {at("nbf", 11*time.Second), notYet},
		"nbf ahead, within tolerance":      {at("nbf", 9*time.Second), ""},
		"no nbf":                           {without("nbf"), lacksClaims},
		"iat ahead":                        {at("iat", 11*time.Second), notYet},
		"no iat":                           {without("iat"), lacksClaims},
		"no jti":                           {without("jti"), lacksClaims},
		"jti too long":                     {set("jti", strings.Repeat("j", tokenIDMax+1)), lacksClaims},
		"no aud":                           {without("aud"), wrongAudience},
		"aud is a list of one":             {set("aud", []string{theClient}), ""},
		"aud is a list of several":         {set("aud", []string{theClient, otherClient}), wrongAudience},
		"aud is an empty list":             {set("aud", []string{}), wrongAudience},
		"aud is a number":                  {set("aud", 5), malformed},
		"aud of somebody else":             {set("aud", "ffff"), wrongAudience},
		"aud of another app, our secret":   {set("aud", otherClient), forged},
		"aud in another case":              {set("aud", strings.ToUpper(theClient)), wrongAudience},
		"another shop of the app":          {with(ofShop(secondShop)), ""},
		"a shop of another app":            {with(ofShop(otherShop)), wrongShop},
		"a shop that has not the app":      {with(ofShop("stranger.myshopify.com")), wrongShop},
		"dest of another shop than iss":    {set("dest", "https://"+secondShop), wrongShop},
		"iss of another shop than dest":    {set("iss", "https://"+secondShop+"/admin"), wrongShop},
		"iss of somebody else":             {set("iss", "https://evil.example/admin"), wrongShop},
		"no dest":                          {without("dest"), wrongShop},
		"no iss":                           {without("iss"), wrongShop},
		"dest over http":                   {set("dest", "http://"+demoDomain), wrongShop},
		"dest without a scheme":            {set("dest", demoDomain), wrongShop},
		"dest with a port":                 {set("dest", "https://"+demoDomain+":443"), wrongShop},
		"dest with a user":                 {set("dest", "https://x@"+demoDomain), wrongShop},
		"dest with a query":                {set("dest", "https://"+demoDomain+"?x"), wrongShop},
		"dest in capitals":                 {set("dest", "https://DEMO-SHOP.myshopify.com"), wrongShop},
		"dest with a dot at its end":       {set("dest", "https://"+demoDomain+"."), wrongShop},
		"dest below the shop":              {set("dest", "https://x."+demoDomain), wrongShop},
		"dest that ends like one":          {set("dest", "https://evil-myshopify.com"), wrongShop},
		"dest behind another host":         {set("dest", "https://evil.example/"+demoDomain), wrongShop},
		"dest with a slash":                {set("dest", "https://"+demoDomain+"/"), ""},
		"too long":                         {set("x", strings.Repeat("x", tokenMax)), malformed},
		"claims that nobody here looks at": {set("x", map[string]any{"y": []int{1}}), ""},
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	all := tokens(t)
	if len(all) < 30 {
		t.Fatalf("%d rows only", len(all))
	}
	for name, tt := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for endpoint, q := range good {
				b := newBench(t, nil)
				b.now = func() time.Time { return noon }
				q.edit = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+tt[0]) }
				got := b.send(t, q)
				checkLetIn(t, b, endpoint, got, tt[1])
			}
		})
	}
}

// checkLetIn wants a request to have been let in, or to have been refused as it should.
func checkLetIn(t *testing.T, b *bench, endpoint string, got reply, why string) {
	t.Helper()
	if why == "" {
		if got.status/100 != 2 || b.port.times() != 1 {
			t.Errorf("%s: got %d %s", endpoint, got.status, got.body)
		}
		return
	}
	if got.status != http.StatusUnauthorized || b.port.times() > 0 {
		t.Errorf("%s: got %d, having asked %d times", endpoint, got.status, b.port.times())
	}
	if why != notSent && (got.body != "" || got.header.Get("Content-Type") != "" || got.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"`) {
		t.Errorf("%s: got %q with %v", endpoint, got.body, got.header)
	}
	if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: got %v", endpoint, got.header)
	}
	var n float64
	for _, app := range []string{"demo", "other", noApp} {
		n += max(0, b.counted(t, "cartage_posui_tokens_refused_total", map[string]string{"app": app, "reason": why}))
	}
	if n != 1 || !strings.Contains(b.log.String(), `"code":"`+why+`"`) {
		t.Errorf("%s: %s was counted %v times: %s", endpoint, why, n, b.log)
	}
}

func TestAuthorizationHeaders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given func(token string) []string
		why   string
	}{
		"as sent":           {func(s string) []string { return []string{"Bearer " + s} }, ""},
		"lower case":        {func(s string) []string { return []string{"bearer " + s} }, ""},
		"capitals":          {func(s string) []string { return []string{"BEARER " + s} }, ""},
		"several spaces":    {func(s string) []string { return []string{"Bearer   " + s} }, ""},
		"none":              {func(string) []string { return nil }, notSent},
		"the scheme alone":  {func(string) []string { return []string{"Bearer "} }, notSent},
		"null":              {func(string) []string { return []string{"Bearer null"} }, notSent},
		"undefined":         {func(string) []string { return []string{"Bearer undefined"} }, notSent},
		"empty":             {func(string) []string { return []string{""} }, malformed},
		"twice":             {func(s string) []string { return []string{"Bearer " + s, "Bearer " + s} }, malformed},
		"beside another":    {func(s string) []string { return []string{"Basic YTpi", "Bearer " + s} }, malformed},
		"another scheme":    {func(s string) []string { return []string{"Basic " + s} }, malformed},
		"the token alone":   {func(s string) []string { return []string{s} }, malformed},
		"a tab":             {func(s string) []string { return []string{"Bearer\t" + s} }, malformed},
		"a word behind it":  {func(s string) []string { return []string{"Bearer " + s + " x"} }, malformed},
		"two in one header": {func(s string) []string { return []string{"Bearer " + s + ", Bearer " + s} }, malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for endpoint, q := range good {
				b := newBench(t, nil)
				q.edit = func(r *http.Request) { r.Header["Authorization"] = tt.given(r.Header.Get("Authorization")[7:]) }
				got := b.send(t, q)
				checkLetIn(t, b, endpoint, got, tt.why)
				if tt.why == notSent {
					if p := got.problem(t); p.Code != lacksPermission || got.header.Get("WWW-Authenticate") != "Bearer" {
						t.Errorf("%s: got %+v", endpoint, p)
					}
				}
			}
		})
	}
}

// TestTheShopIsTheTokens whatever a request says beside it.
func TestTheShopIsTheTokens(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]string{demoDomain: "demo", secondShop: "second", otherShop: "other"} {
		for endpoint, q := range good {
			b := newBench(t, nil)
			q.claims = ofShop(domain)
			if domain == otherShop {
				q.claims = func(c jwt.MapClaims) { ofShop(domain)(c); c["aud"] = otherClient }
			}
			if q.method == "GET" {
				q.path += "&shop=second&shopify_domain=" + secondShop
			}
			q.edit = func(r *http.Request) { r.Header.Set("X-Shopify-Shop-Domain", secondShop) }
			got := b.send(t, q)
			if got.status/100 != 2 || string(b.port.tills[0].Shop) != want || b.port.tills[0].RequestID == "" {
				t.Errorf("%s: got %d, having asked %+v", endpoint, got.status, b.port.tills)
			}
		}
	}
}
