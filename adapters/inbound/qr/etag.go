// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime"
	"strings"
)

// edition is part of every tag, and the next one when this package draws the same differently.
const edition = 1

// etag names the bytes that a text and a wish give, without drawing them. A PNG is packed
// by Go's own library, of which another version may find shorter bytes.
func etag(text string, w wish) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %v\n%s", edition, runtime.Version(), w, text))
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// noneMatch reports whether If-None-Match names the tag, and whether it names whatever
// there is. A weak tag is as good here; what is malformed names nothing.
func noneMatch(h http.Header, tag string) (same, whatever bool) {
	list := trim(strings.Join(h.Values("If-None-Match"), ","))
	if list == "*" {
		return false, true
	}
	for more := true; more; {
		var one string
		one, list, more = cutTag(list)
		if one == tag {
			return true, false
		}
	}
	return false, false
}

// cutTag is the first tag of a list, without its W/, and what follows the comma. A tag knows no
// escapes, so that cut, which does, would go wrong at a backslash.
func cutTag(list string) (tag, rest string, more bool) {
	list = strings.TrimPrefix(strings.TrimLeft(list, " \t,"), "W/")
	if !strings.HasPrefix(list, `"`) {
		return "", "", false
	}
	n := strings.IndexByte(list[1:], '"') + 2
	rest = strings.TrimLeft(list[n:], " \t")
	if n == 1 || rest != "" && rest[0] != ',' {
		return "", "", false
	}
	return list[:n], rest, rest != ""
}
