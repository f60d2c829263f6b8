// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/secret"
)

const (
	secretFileMax   = 64 << 10 // bytes
	handoffKeyBytes = 32
	byReference     = "write env:NAME or file:/path"
)

// published are the secrets that everybody can read in demo.yaml.
var published = []string{"demo-poq-secret", "demo-orders-secret", "demo-app-secret"}

// variableName is what a variable may be called that is handed on or referred to.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secrets puts what references refer to in their place. None of it is ever repeated.
func (c *check) secrets() {
	if key := &c.cfg.Handoff.Key; !key.Empty() {
		c.resolve("handoff.key", key, c.mode == Dev, "")
		raw, err := base64.StdEncoding.DecodeString(key.Reveal())
		if !key.Empty() && (err != nil || len(raw) != handoffKeyBytes) {
			c.wrong("handoff.key", "not 32 bytes in base64", "make one with: head -c 32 /dev/urandom | base64", "")
			c.cfg.Handoff.Key = secret.Text{}
		}
	}
	for name, b := range c.cfg.Backends {
		for what, text := range b.Secrets {
			path := join(join(join("backends", shown(name)), "secrets"), shown(what))
			c.checkName(path, what)
			c.resolve(path, &text, c.mode == Dev, "")
			b.Secrets[what] = text
		}
	}
	for i := range c.cfg.Loyalty.Keys {
		c.signingKey(item("loyalty.keys", i), &c.cfg.Loyalty.Keys[i])
	}
	c.twoSecrets("loyalty.keys", c.cfg.Loyalty.Keys, false)
	for name, a := range c.cfg.Shopify.Apps {
		at, allowed := join(join("shopify.apps", shown(name)), "secrets"), c.allows(c.cfg.Allow.DemoApps, name)
		hint := fmt.Sprintf(", or name %s in allow.demo_apps", shown(name))
		for i := range a.Secrets {
			c.resolve(item(at, i), &a.Secrets[i], allowed, hint)
			c.presentable(item(at, i), a.Secrets[i].Reveal(), allowed, hint)
		}
	}
	for name, s := range c.cfg.Shops {
		if s.Poq == nil {
			continue
		}
		path, allowed := join(join("shops", shown(name)), "poq"), c.allows(c.cfg.Allow.DemoSecrets, name)
		hint := fmt.Sprintf(", or name %s in allow.demo_secrets", shown(name))
		for key, list := range map[string][]secret.Text{"secrets": s.Poq.Secrets, "orders_secrets": s.Poq.OrdersSecrets} {
			for i := range list {
				at := item(join(path, key), i)
				c.resolve(at, &list[i], allowed, hint)
				c.presentable(at, list[i].Reveal(), allowed, hint)
			}
		}
	}
}

func (c *check) signingKey(path string, key *secret.Text) {
	c.resolve(path, key, c.mode == Dev, "")
	if raw, err := base64.StdEncoding.DecodeString(key.Reveal()); !key.Empty() && (err != nil || len(raw) < loyalty.SigningKeyMin) {
		c.wrong(path, "not 32 bytes or more in base64", "make one with: head -c 32 /dev/urandom | base64", "")
		*key = secret.Text{}
	}
}

// presentable refuses a secret that anybody knows, or that nobody can send in a header.
func (c *check) presentable(path, text string, allowed bool, hint string) {
	switch {
	case slices.Contains(published, text) && !allowed:
		c.wrong(path, "a published demo secret", "use one of your own"+hint, "")
	case strings.TrimSpace(text) != text || strings.ContainsFunc(text, unicode.IsControl):
		c.wrong(path, "a secret with white space at an end or a control character", "use one without", "")
	}
}

// resolve replaces a reference by the secret, and by none where there is a mistake.
func (c *check) resolve(path string, text *secret.Text, inline bool, hint string) {
	reference := text.Reveal()
	held, found, expected := reference, "", ""
	if name, is := strings.CutPrefix(reference, "env:"); is {
		held, found, expected = c.fromVariable(name)
	} else if file, is := strings.CutPrefix(reference, "file:"); is {
		held, found, expected = c.fromFile(file)
	} else if reference == "" {
		found, expected = "an empty secret", byReference
	} else if !inline {
		found, expected = "a secret is written out", byReference+hint
	}
	if found != "" {
		c.wrong(path, found, expected, "")
		held = ""
	}
	*text = secret.New(held)
}

func (c *check) fromVariable(name string) (held, found, expected string) {
	if !variableName.MatchString(name) {
		return "", "env: is followed by no name of a variable", "write env:NAME"
	}
	held, ok := c.env[name]
	switch {
	case !ok:
		return "", "variable " + name + " is not set", "set it, or refer to another"
	case held == "":
		return "", "variable " + name + " is empty", "give it a value, or refer to another"
	}
	return held, "", ""
}

func (c *check) fromFile(path string) (held, found, expected string) {
	if !filepath.IsAbs(path) {
		return "", "file: is followed by no absolute path", "write file:/path"
	}
	c.read(path)
	// A look before opening: to open a pipe would wait for whoever writes to it.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", "file " + strconv.Quote(path) + " cannot be read: " + why(err), "give a file that is there and may be read"
	case !info.Mode().IsRegular():
		return "", strconv.Quote(path) + " is not a file", "give a file that is there and may be read"
	case c.mode == Serve && info.Mode().Perm()&0o004 != 0:
		return "", "file " + strconv.Quote(path) + " can be read by everybody", "take that away: chmod o= FILE"
	}
	raw, err := readAtMost(path, secretFileMax+1)
	if err != nil {
		return "", "file " + strconv.Quote(path) + " cannot be read: " + why(err), "give a file that is there and may be read"
	}
	if len(raw) > secretFileMax {
		return "", "file " + strconv.Quote(path) + " is longer than 64 KiB", "give a file that holds one secret"
	}
	held = strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	if held == "" {
		return "", "file " + strconv.Quote(path) + " is empty", "give a file that holds one secret"
	}
	return held, "", ""
}
