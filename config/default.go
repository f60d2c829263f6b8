// SPDX-License-Identifier: Apache-2.0

package config

import (
	_ "embed" // for the demo config
	"reflect"
	"time"

	"github.com/cartage-dev/cartage/core/shop"
)

// Demo is what `cartage dev` runs without a file: the mock backend and one shop,
// with published secrets. Everything is relative to the working directory.
//
//go:embed demo.yaml
var Demo []byte

// Default is what holds for every key that neither file nor environment gives. It
// has no backends and no shops; DefaultBackend, DefaultShop, DefaultPoq and
// DefaultShadow are what holds for each of those.
func Default() Config {
	return Config{
		Server: Server{
			Listen:            "127.0.0.1:8080",
			PublicURL:         "http://127.0.0.1:8080",
			ReadHeaderTimeout: 2 * time.Second,
			ReadTimeout:       5 * time.Second,
			WriteTimeout:      10 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ReadyDelay:        5 * time.Second,
			DrainTimeout:      20 * time.Second,
		},
		Admin: Admin{Listen: "127.0.0.1:8081"},
		Log:   Log{Format: "json", Level: "info"},
		Store: Store{Driver: "sqlite", Path: "data/cartage.db"},
	}
}

// DefaultBackend is what holds for every backend.
func DefaultBackend() Backend {
	return Backend{
		StartTimeout: 10 * time.Second,
		Limits:       Limits{Memory: 512 * MiB, Files: 1_024},
		Guard: Guard{
			Timeout:      1500 * time.Millisecond,
			ProbeTimeout: time.Second,
			Concurrency:  64,
			Queue:        32,
			QueueWait:    50 * time.Millisecond,
			Window:       10 * time.Second,
			MinRequests:  20,
			FailureRatio: 0.5,
			OpenFor:      5 * time.Second,
			Probes:       3,
		},
	}
}

// DefaultShop is what holds for every shop.
func DefaultShop() Shop { return Shop{Locale: "en-GB"} }

// DefaultPoq is what holds for the Poq channel of the shop called name.
func DefaultPoq(name string) Poq {
	return Poq{
		Path:           "/poq/" + name + "/cart-transfer",
		CustomerHeader: "X-Customer-Authorization",
		Shortage:       string(shop.Lenient),
		Budget:         2 * time.Second,
	}
}

// DefaultShadow is what holds for every rehearsal.
func DefaultShadow() Shadow { return Shadow{Share: 0.1} }

// DefaultApp is what holds for the Shopify app called name.
func DefaultApp(name string) ShopifyApp {
	return ShopifyApp{POSPath: "/pos/" + name, HooksPath: "/hooks/shopify/" + name, PercentScale: 100, VariantField: "both"}
}

// DefaultProgramme is what holds for the loyalty of every shop.
func DefaultProgramme() Programme { return Programme{Label: "Point balance", Reoffer: ReofferFresh} }

// defaults is the layer below file and environment: Default, and what holds for
// each backend, shop and channel that one of the layers above names.
func defaults(above ...tree) tree {
	layer := asTree(Default())
	backends, shops, apps := tree{}, tree{}, tree{}
	for _, t := range above {
		for name := range branch(t, "backends") {
			backends[name] = asTree(DefaultBackend())
		}
		for name := range branch(t, "shopify", "apps") {
			apps[name] = asTree(DefaultApp(name))
		}
		for name := range branch(t, "shops") {
			if _, ok := shops[name]; !ok {
				shops[name] = asTree(DefaultShop())
			}
			if branch(t, "shops", name, "poq") != nil {
				branch(shops, name)["poq"] = asTree(DefaultPoq(name))
			}
			if branch(t, "shops", name, "shadow") != nil {
				branch(shops, name)["shadow"] = asTree(DefaultShadow())
			}
			if branch(t, "shops", name, "loyalty") != nil {
				branch(shops, name)["loyalty"] = asTree(DefaultProgramme())
			}
		}
	}
	layer["backends"], layer["shops"], layer["shopify"] = backends, shops, tree{"apps": apps}
	return layer
}

// asTree is a struct of the config as keys and values, without those that hold nothing.
func asTree(of any) tree {
	v, branch := reflect.ValueOf(of), tree{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		switch held := v.FieldByIndex(f.Index); {
		case held.IsZero():
		case shapeOf(f.Type) == group:
			branch[f.Tag.Get(tag)] = asTree(held.Interface())
		default:
			branch[f.Tag.Get(tag)] = held.Interface()
		}
	}
	return branch
}
