// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/config"
)

// TestLimits come from the file, the variable goes before it, and what neither gives is the default.
func TestLimits(t *testing.T) {
	t.Parallel()
	limited := strings.Replace(good, "    plugin: magento2\n", "    plugin: magento2\n    limits: {memory: 1536MiB}\n", 1)
	for _, tt := range []struct {
		name, text string
		environ    []string
		want       config.Limits
	}{
		{"default", good, nil, config.Limits{Memory: 512 * config.MiB, Files: 1024}},
		{"one of them", limited, nil, config.Limits{Memory: 1536 * config.MiB, Files: 1024}},
		{"variables", limited, []string{"CARTAGE_BACKENDS__M2__LIMITS__MEMORY=2GiB", "CARTAGE_BACKENDS__M2__LIMITS__FILES=64"}, config.Limits{Memory: 2 * config.GiB, Files: 64}},
		{"the least and the most", limited, []string{"CARTAGE_BACKENDS__M2__LIMITS__MEMORY=64MiB", "CARTAGE_BACKENDS__M2__LIMITS__FILES=1048576"}, config.Limits{Memory: 64 * config.MiB, Files: 1 << 20}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, tt.text, config.Serve, tt.environ...).Backends["m2"].Limits; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSizeIsPrintedAsItIsWritten(t *testing.T) {
	t.Parallel()
	for want, size := range map[string]config.Size{
		"0MiB": 0, "64MiB": 64 * config.MiB, "1536MiB": 1536 * config.MiB, "2GiB": 2 * config.GiB, "37MiB": 37*config.MiB + 12345,
	} {
		if got := size.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
