// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
)

// changeable are the keys that a running host takes over; the rest was used up
// when it started: listeners, the database, the key of links, the log.
var changeable = []string{"allow", "backends", "plugins.dir", "shopify", "shops"}

// fixed holds what cannot change while a host runs to what it runs with. It
// repeats no value: one may be a secret.
func (c *check) fixed(running Config) {
	c.same("", reflect.ValueOf(running), reflect.ValueOf(c.cfg))
}

func (c *check) same(path string, running, wanted reflect.Value) {
	for _, f := range reflect.VisibleFields(running.Type()) {
		key := f.Tag.Get(tag)
		at, before, after := join(path, key), running.FieldByIndex(f.Index), wanted.FieldByIndex(f.Index)
		switch {
		case slices.Contains(changeable, at):
		case shapeOf(f.Type) == group:
			c.same(at, before, after)
		case before.Kind() == reflect.Slice && before.Len()+after.Len() == 0: // none given, and none in a list
		case !reflect.DeepEqual(before.Interface(), after.Interface()):
			c.wrong(at, "cannot change while the host runs", "restart the host, or put back what it was", "")
		}
	}
}
