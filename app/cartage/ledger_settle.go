// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/core/loyalty"
)

const (
	reasonMax   = 128 // characters, with the names behind it
	customerMax = 128 // bytes
)

var adjustKey = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// settle holds the command line to what may be booked, and completes it.
func (a *adjustment) settle(points string) error {
	n, err := strconv.ParseInt(points, 10, 64)
	if err != nil || n == 0 || n > int64(loyalty.PointsMax) || n < -int64(loyalty.PointsMax) {
		return fmt.Errorf("%q is no number of points: a whole one, not 0, up to %d", points, loyalty.PointsMax)
	}
	a.points = loyalty.Points(n)
	switch {
	case a.customer == "" || len(a.customer) > customerMax || !printable(string(a.customer)):
		return errors.New("that is no name of a customer")
	case a.shop == "":
		return errors.New("--shop: name the shop")
	case a.limit < 0:
		return errors.New("--limit-points: it cannot be below nothing")
	case strings.TrimSpace(a.reason) == "" || !printable(a.reason):
		return errors.New("--reason: it has to say something, on one line of printable characters")
	}
	if a.key == "" {
		a.key = newUUID()
	}
	if !adjustKey.MatchString(a.key) {
		return errors.New("--key: 1 to 64 letters, digits and . _ -")
	}
	if err := a.agree(operators()); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(a.reason); n > reasonMax {
		return fmt.Errorf("--reason: %d characters with the names behind it, and there is room for %d", n, reasonMax)
	}
	return nil
}

// agree puts who is at work and who agreed behind the reason, where a second person is named or needed.
func (a *adjustment) agree(operators []string) error {
	over := max(a.points, -a.points) > loyalty.Points(a.limit)
	if a.second == "" {
		if over {
			return fmt.Errorf("more than %d points need a second person: name who agrees with --yes-by", a.limit)
		}
		return nil
	}
	if strings.TrimSpace(a.second) == "" || !printable(a.second) {
		return errors.New("--yes-by: that is no name")
	}
	for _, one := range operators {
		if strings.EqualFold(strings.TrimSpace(a.second), one) {
			return fmt.Errorf("--yes-by: %s is you, and it takes another person", one)
		}
	}
	if len(operators) == 0 {
		return errors.New("--yes-by: nobody can say who you are; set USER")
	}
	a.reason += " (" + operators[0] + ", yes by " + strings.TrimSpace(a.second) + ")"
	return nil
}

// operators are the names of whoever runs this, the best first: the person behind sudo, then the account.
func operators() []string {
	var all []string
	add := func(name string) {
		if name != "" && printable(name) {
			all = append(all, name)
		}
	}
	add(os.Getenv("SUDO_USER"))
	add(os.Getenv("USER"))
	if u, err := user.Current(); err == nil {
		add(u.Username)
	}
	return all
}

func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// newUUID is a random one (RFC 9562, section 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
