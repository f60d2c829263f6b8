// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net"
	"regexp"
	"testing"
)

var itemMark = regexp.MustCompile(`data-sku="([^"]+)" data-quantity="([0-9]+)"`)

// itemsOn finds what a page of the mock shop says is in the cart: SKU to quantity.
func itemsOn(page string) map[string]string {
	items := map[string]string{}
	for _, m := range itemMark.FindAllStringSubmatch(page, -1) {
		items[m[1]] = m[2]
	}
	return items
}

func freeURL(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}
