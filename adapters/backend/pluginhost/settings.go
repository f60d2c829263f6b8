// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"github.com/cartage-dev/cartage/adapters/backend/pluginhost/settings"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
)

// accepted holds what config says of the backend to the schema that its plugin
// gives, before the plugin sees any of it. What does not hold is an Invalid fault
// (invalid_settings) with a field for each mistake; a schema that cannot be used is the plugin's fault.
func (p *Plugin) accepted(d protocol.Description) error {
	schema, err := settings.Read(d.SettingsSchema)
	if err != nil {
		return err
	}
	wrong := schema.Check(p.spec.Settings, p.spec.Secrets)
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "invalid_settings", "%s: %s", wrong[0].Path, wrong[0].Detail).By(fault.Caller).With(wrong...)
}
