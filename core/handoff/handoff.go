// SPDX-License-Identifier: Apache-2.0

// Package handoff describes how a shopper is handed from a channel to a page of
// the shop, and holds what a backend proposes to the shop's own policy.
//
// Invariant: a Request that Policy.Check returned names only hosts, cookie
// domains and headers that the shop's config allows, and can be printed into
// any channel without further quoting rules. Nothing a backend says is trusted.
package handoff

import (
	"net/url"
	"time"
)

// Method is how the page is asked for. The zero value is not a method.
type Method string

// The two methods a web view can open a page with.
const (
	GET  Method = "GET"
	POST Method = "POST"
)

// Request describes the HTTP request that opens the page.
type Request struct {
	URL    string
	Method Method
	// Form is sent as application/x-www-form-urlencoded, and only with POST.
	Form    url.Values
	Headers []Header // for the first navigation only: a web view does not repeat them
	Cookies []Cookie
}

// Header is one header of the first navigation.
type Header struct{ Name, Value string }

// Cookie is put into the web view before the page loads.
type Cookie struct {
	Name, Value, Domain, Path string
	ExpiresAt                 time.Time // UTC; zero is a session cookie
	HTTPOnly, Secure          bool
}
