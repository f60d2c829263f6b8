// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/cartage-dev/cartage/core/fault"
)

// Origin is a scheme, host and port that a shop's pages may live at, normalised:
// lower case, no trailing dot, the port always given, an IPv6 address without brackets.
type Origin struct{ Scheme, Host, Port string }

// defaultPorts are left out of a URL as a rule, and may stand in it.
var defaultPorts = map[string]string{"https": "443", "http": "80"}

// ParseOrigin reads an origin as a shop's settings write it: a host or host:port,
// which stands for https, or either behind https:// or, with allowHTTP, http://.
// Whatever names more or less than one origin is Invalid (invalid_origin); the
// message helps and does not repeat the text, which may hold a password.
func ParseOrigin(text string, allowHTTP bool) (Origin, error) {
	scheme, authority, found := strings.Cut(text, "://")
	if !found {
		scheme, authority = "https", text
	}
	var why string
	switch scheme = lowerASCII(scheme); {
	case defaultPorts[scheme] == "":
		why = "must be a host, or begin with https://"
	case scheme == "http" && !allowHTTP:
		why = "must be https: http is for development"
	case authority == "":
		why = "must name a host"
	case strings.Contains(authority, "@"):
		why = "must not carry a user name or password"
	case strings.Contains(authority, "*"):
		why = "must name one host: wildcards are not allowed"
	case strings.ContainsAny(authority, `/\?#`):
		why = "must end after the host and port: no path, query or fragment"
	}
	if why != "" {
		return Origin{}, invalidOrigin(why)
	}
	o := Origin{Scheme: scheme}
	if o.Host, o.Port, why = splitAuthority(authority); why != "" {
		return Origin{}, invalidOrigin(why)
	}
	if o.Port == "" {
		o.Port = defaultPorts[scheme]
	}
	if n, err := strconv.ParseUint(o.Port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != o.Port {
		return Origin{}, invalidOrigin("must have a port from 1 to 65535")
	}
	// An unlisted name without a dot, such as localhost, is no registry's.
	suffix, icann := publicsuffix.PublicSuffix(o.Host)
	if suffix == o.Host && !isAddress(o.Host) && (icann || strings.Contains(suffix, ".")) {
		return Origin{}, invalidOrigin("must be a host of one owner, not a public suffix")
	}
	return o, nil
}

// splitAuthority takes host:port apart and normalises the host; why is empty when it could.
func splitAuthority(authority string) (host, port, why string) {
	if bracketed, ok := strings.CutPrefix(authority, "["); ok {
		inside, rest, closed := strings.Cut(bracketed, "]")
		addr, err := netip.ParseAddr(inside)
		port, colon := strings.CutPrefix(rest, ":")
		if !closed || err != nil || !addr.Is6() || addr.Zone() != "" || rest != "" && (!colon || port == "") {
			return "", "", "must hold an IPv6 address in the brackets, and a port at most behind them"
		}
		return addr.String(), port, ""
	}
	host, port, colon := strings.Cut(authority, ":")
	switch {
	case strings.Contains(port, ":"):
		return "", "", "must write an IPv6 address in brackets"
	case colon && port == "":
		return "", "", "must have a port behind the colon"
	}
	return lowerASCII(host), port, hostFault(host)
}

// hostMax and labelMax bound a name and each of its labels (RFC 1035, 2.3.4).
const (
	hostMax  = 253
	labelMax = 63
)

// hostFault says why a text is neither an ASCII host name nor an IPv4 address,
// and nothing when it is one.
func hostFault(host string) string {
	if len(host) > hostMax {
		return "must be a shorter host"
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		switch {
		case label == "":
			return "must be a host without empty parts, and without a dot at its end"
		case len(label) > labelMax || label[0] == '-' || label[len(label)-1] == '-':
			return "must be a host name whose parts are at most 63 characters and do not begin or end with a hyphen"
		case !consistsOf(label, isHostByte):
			return "must be a host of letters, digits and hyphens; an international name is written in its xn-- form"
		}
	}
	// A browser takes a name whose last part is a number for an IPv4 address, in
	// whatever base and number of parts (WHATWG URL, "ends in a number").
	last := lowerASCII(labels[len(labels)-1])
	hex, is := strings.CutPrefix(last, "0x")
	if consistsOf(last, isDigit) || is && consistsOf(hex, isHexDigit) {
		if _, err := netip.ParseAddr(host); err != nil {
			return "must write an IPv4 address as four decimal numbers"
		}
	}
	return ""
}

// spellings are the beginnings of every URL at the origin, up to its path, in lower case.
func (o Origin) spellings() []string {
	with := o.Scheme + "://" + o.authority()
	if o.Port == defaultPorts[o.Scheme] {
		return []string{with, strings.TrimSuffix(with, ":"+o.Port)}
	}
	return []string{with}
}

// String is the origin as a page's address begins with it, without a port that goes without saying.
func (o Origin) String() string {
	all := o.spellings()
	return all[len(all)-1]
}

func (o Origin) authority() string {
	if strings.Contains(o.Host, ":") {
		return "[" + o.Host + "]:" + o.Port
	}
	return o.Host + ":" + o.Port
}

func invalidOrigin(why string) error {
	return fault.New(fault.Invalid, "invalid_origin", "an origin %s", why)
}
