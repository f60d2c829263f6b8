// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/config"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		variable string
		get      func(config.Config) any
		want     any
	}{
		{"text", "CARTAGE_SERVER__LISTEN=:9000", func(c config.Config) any { return c.Server.Listen }, ":9000"},
		{"any case", "CARTAGE_Server__Listen=:9000", func(c config.Config) any { return c.Server.Listen }, ":9000"},
		{"text with an equals sign", "CARTAGE_STORE__PATH=/a=b", func(c config.Config) any { return c.Store.Path }, "/a=b"},
		{"duration", "CARTAGE_SERVER__READY_DELAY=0s", func(c config.Config) any { return c.Server.ReadyDelay }, time.Duration(0)},
		{"whole number", "CARTAGE_BACKENDS__M2__GUARD__CONCURRENCY=8", func(c config.Config) any { return c.Backends["m2"].Guard.Concurrency }, 8},
		{"unsigned", "CARTAGE_BACKENDS__M2__GUARD__PROBES=8", func(c config.Config) any { return c.Backends["m2"].Guard.Probes }, uint32(8)},
		{"number", "CARTAGE_BACKENDS__M2__GUARD__FAILURE_RATIO=1", func(c config.Config) any { return c.Backends["m2"].Guard.FailureRatio }, 1.0},
		{"its neighbours keep their defaults", "CARTAGE_BACKENDS__M2__GUARD__PROBES=8", func(c config.Config) any { return c.Backends["m2"].Guard.Queue }, 32},
		{"list", "CARTAGE_SHOPS__UK__CURRENCIES=EUR, USD", func(c config.Config) any { return c.Shops["uk"].Currencies }, []string{"EUR", "USD"}},
		{"empty list", "CARTAGE_SERVER__TRUSTED_PROXIES=", func(c config.Config) any { return len(c.Server.TrustedProxies) }, 0},
		{"secrets", "CARTAGE_SHOPS__UK__POQ__SECRETS=env:M2_TOKEN,env:POQ_SECRET", func(c config.Config) any { return c.Shops["uk"].Poq.Secrets[0].Reveal() }, "canary-token"},
		{"named secret", "CARTAGE_BACKENDS__M2__SECRETS__OTHER=env:POQ_SECRET", func(c config.Config) any { return c.Backends["m2"].Secrets["other"].Reveal() }, "canary-poq"},
		{"port", "CARTAGE_SHOPS__UK__BACKENDS__ORDERS=m2", func(c config.Config) any { return c.Shops["uk"].Backends["orders"] }, "m2"},
		{"setting like the file's number", "CARTAGE_BACKENDS__M2__SETTINGS__DEPTH=20", setting("depth"), 20},
		{"setting like the file's ratio", "CARTAGE_BACKENDS__M2__SETTINGS__RATIO=2", setting("ratio"), 2},
		{"setting like the file's yes", "CARTAGE_BACKENDS__M2__SETTINGS__STRICT=false", setting("strict"), false},
		{"setting like the file's text", "CARTAGE_BACKENDS__M2__SETTINGS__STORECODE=02", setting("storeCode"), "02"},
		{"setting like the file's list", "CARTAGE_BACKENDS__M2__SETTINGS__SITES=de,8", setting("sites"), []any{"de", 8}},
		{"new setting, number", "CARTAGE_BACKENDS__M2__SETTINGS__DELAY_MS=20", setting("delay_ms"), 20},
		{"new setting, yes", "CARTAGE_BACKENDS__M2__SETTINGS__NEW=true", setting("new"), true},
		{"new setting, text", "CARTAGE_BACKENDS__M2__SETTINGS__NEW=a: [b", setting("new"), "a: [b"},
		{"new setting, no text", "CARTAGE_BACKENDS__M2__SETTINGS__NEW=", setting("new"), ""},
		{"new setting, date", "CARTAGE_BACKENDS__M2__SETTINGS__NEW=2026-01-02", setting("new"), "2026-01-02"},
		{"new setting, not a number to JSON", "CARTAGE_BACKENDS__M2__SETTINGS__NEW=.nan", setting("new"), ".nan"},
		{"new setting below", "CARTAGE_BACKENDS__M2__SETTINGS__FAULTS__FAIL_EVERY=3", setting("faults"), map[string]any{"fail_every": 3}},
		{"the last one counts", "CARTAGE_LOG__LEVEL=warn", func(c config.Config) any { return c.Log.Level }, "warn"},
		{"a plugin's own variable", "CARTAGE_PLUGIN=x", nothing, nil},
		{"a plugin's socket", "CARTAGE_PLUGIN_SOCKET__X=x", nothing, nil},
		{"a test's variable", "CARTAGE_TEST_SERVER__X=x", nothing, nil},
		{"the lifeline", "CARTAGE_LIFELINE_FD=3", nothing, nil},
		{"a service of Kubernetes", "CARTAGE_PORT_8080_TCP_ADDR=10.0.0.1", nothing, nil},
		{"another program's", "CARTAGES__SERVER=1", nothing, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.get(mustLoad(t, good, config.Serve, "CARTAGE_LOG__LEVEL=error", tt.variable))
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
		})
	}
}

func nothing(config.Config) any { return nil }

func setting(key string) func(config.Config) any {
	return func(c config.Config) any { return c.Backends["m2"].Settings[key] }
}

// TestEnvironmentAlone makes a whole config without a file.
func TestEnvironmentAlone(t *testing.T) {
	t.Parallel()
	environ := []string{
		"CARTAGE_BACKENDS__A__PLUGIN=mock", "CARTAGE_SHOPS__S__CURRENCIES=GBP", "CARTAGE_SHOPS__S__CHECKOUT_HOSTS=a.example.com",
		"CARTAGE_SHOPS__S__BACKENDS__CARTS=a", "CARTAGE_SHOPS__S__POQ__SECRETS=s1,s2",
	}
	cfg, err := config.Load(config.Source{Environ: environ, Mode: config.Dev})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Shops["s"].Poq.Path, "/poq/s/cart-transfer"; got != want {
		t.Errorf("path %q, want %q", got, want)
	}
	if got, want := cfg.Backends["a"].Guard, config.DefaultBackend().Guard; got != want {
		t.Errorf("guard %+v, want %+v", got, want)
	}
}
