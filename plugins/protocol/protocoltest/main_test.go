// SPDX-License-Identifier: Apache-2.0

package protocoltest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"

	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

// roleEnv makes this test binary a plugin that is broken in one way, or in none.
const roleEnv = "CARTAGE_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	if spoil, is := bareRoles[role]; is {
		b := newBare()
		spoil(b)
		if err := b.serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	spoil, known := roles[role]
	if !known {
		spoil, known = sellers[role]
	}
	if !known {
		spoil, known = clubs[role]
	}
	if !known {
		os.Exit(9)
	}
	p := sound()
	spoil(&p)
	sdk.Serve(p)
}

func byHand() bool { return os.Getenv(protocol.MagicCookieKey) == "" }

// sound is a plugin that keeps every rule.
func sound() sdk.Plugin {
	return sdk.Plugin{
		Info:           sdk.Info{Name: "sound", Version: "1.2.3-rc.1+go", KeyedWrites: false},
		Offers:         []sdk.Port{sdk.PortCarts},
		SettingsSchema: []byte(`{"type":"object","required":["url","token"],"properties":{"url":{"type":"string"},"tags":{"type":"array"},"token":{"type":"string","writeOnly":true}}}`),
		Configure: func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
			var s struct {
				URL  string   `json:"url"`
				Tags []string `json:"tags"`
			}
			if err := c.Decode(&s); err != nil {
				return sdk.Ports{}, err
			}
			for path, missing := range map[string]bool{"settings.url": s.URL == "", "secrets.token": c.Secret("token").Empty()} {
				if missing {
					return sdk.Ports{}, sdk.NewFault(sdk.Invalid, "invalid_settings", "%s is required", path).By(sdk.SourceCaller).
						With(sdk.Field{Path: path, Reason: "required"})
				}
			}
			return sdk.Ports{Carts: &shelf{log: func(ctx context.Context, text string) { c.Log.InfoContext(ctx, "asked", "with", text) }, secret: c.Secret("token").Reveal()}}, nil
		},
	}
}

// shelf sells nothing: every cart is unknown.
type shelf struct {
	log    func(ctx context.Context, text string)
	secret string
	get    func(s *shelf, ctx context.Context)
}

func (s *shelf) Put(context.Context, sdk.Call, sdk.PutCart) (sdk.PutAnswer, error) {
	return sdk.PutAnswer{}, sdk.NewFault(sdk.Unsupported, "no_carts", "nothing is sold").By(sdk.SourcePlugin)
}

func (s *shelf) Get(ctx context.Context, _ sdk.Call, _ sdk.CartID) (sdk.Cart, error) {
	if s.get != nil {
		s.get(s, ctx)
	}
	return sdk.Cart{}, sdk.NewFault(sdk.NotFound, "unknown_cart", "no such cart").By(sdk.SourceCaller)
}

func (s *shelf) Change(context.Context, sdk.Call, sdk.CartID, sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return sdk.ChangeAnswer{}, sdk.NewFault(sdk.Unsupported, "no_carts", "nothing is sold").By(sdk.SourcePlugin)
}

// getting breaks what Get does on the way.
func getting(get func(s *shelf, ctx context.Context)) func(p *sdk.Plugin) {
	return configured(func(_ sdk.Config, ports *sdk.Ports) error {
		ports.Carts.(*shelf).get = get
		return nil
	})
}

// configured breaks what Configure makes.
func configured(spoil func(c sdk.Config, ports *sdk.Ports) error) func(p *sdk.Plugin) {
	return func(p *sdk.Plugin) {
		configure := p.Configure
		p.Configure = func(ctx context.Context, c sdk.Config) (sdk.Ports, error) {
			ports, err := configure(ctx, c)
			if err == nil {
				err = spoil(c, &ports)
			}
			return ports, err
		}
	}
}

// roles are the ways in which a process may be broken.
var roles = map[string]func(p *sdk.Plugin){
	"sound": func(*sdk.Plugin) {},
	"silent by hand": func(*sdk.Plugin) {
		if byHand() {
			os.Exit(0)
		}
	},
	"waits by hand": func(*sdk.Plugin) {
		if byHand() {
			select {}
		}
	},
	"greets first": func(*sdk.Plugin) {
		if !byHand() {
			fmt.Println("Welcome to the plugin!")
		}
	},
	"dies at once": func(*sdk.Plugin) {
		if !byHand() {
			fmt.Fprintln(os.Stderr, "no licence found")
			os.Exit(3)
		}
	},
	"in the clear": func(*sdk.Plugin) { _ = os.Unsetenv("PLUGIN_CLIENT_CERT") },
	"no version":   func(p *sdk.Plugin) { p.Info.Version = "latest" },
	"changing":     func(p *sdk.Plugin) { p.Info.Name += fmt.Sprint(os.Getpid()) },
	"bad schema":   func(p *sdk.Plugin) { p.SettingsSchema = []byte(`["url"]`) },
	"lenient": func(p *sdk.Plugin) {
		p.Configure = func(context.Context, sdk.Config) (sdk.Ports, error) { return sdk.Ports{Carts: &shelf{}}, nil }
	},
	"repeats values": func(p *sdk.Plugin) {
		configure := p.Configure
		p.Configure = func(ctx context.Context, c sdk.Config) (sdk.Ports, error) {
			var all map[string]any
			_ = c.Decode(&all)
			ports, err := configure(ctx, c)
			var f *sdk.Fault
			if errors.As(err, &f) {
				f.Message += fmt.Sprint(" got ", all)
			}
			return ports, err
		}
	},
	"sick": configured(func(_ sdk.Config, ports *sdk.Ports) error {
		ports.Check = func(context.Context) error {
			return sdk.NewFault(sdk.Unauthenticated, "bad_token", "the token was refused").By(sdk.SourceBackend)
		}
		return nil
	}),
	"signals end it": func(*sdk.Plugin) {
		c := make(chan os.Signal, 1)
		signal.Notify(c, os.Interrupt, syscall.SIGTERM)
		go func() { <-c; os.Exit(0) }()
	},
	"ends badly": configured(func(_ sdk.Config, ports *sdk.Ports) error {
		ports.Close = func(context.Context) error { os.Exit(4); return nil }
		return nil
	}),
	"an orphan lives": func(*sdk.Plugin) { _ = os.Unsetenv(protocol.LifelineEnv) },
	"dies of a cart":  getting(func(*shelf, context.Context) { fmt.Fprintln(stderr, "segmentation fault"); os.Exit(2) }),
	"leaks": getting(func(*shelf, context.Context) {
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		leaking.Lock()
		defer leaking.Unlock()
		leaked = append(leaked, l)
	}),
	"logs a secret": getting(func(s *shelf, ctx context.Context) { s.log(ctx, "asking with "+s.secret) }),
	"prints a secret": getting(func(s *shelf, _ context.Context) {
		fmt.Println("token", s.secret)
	}),
	"a secret in a fault": func(p *sdk.Plugin) {
		configure := p.Configure
		p.Configure = func(ctx context.Context, c sdk.Config) (sdk.Ports, error) {
			ports, err := configure(ctx, c)
			if err != nil {
				err = sdk.NewFault(sdk.Invalid, "invalid_settings", "cannot start with %s", c.Secret("token").Reveal()).By(sdk.SourceCaller).
					With(sdk.Field{Path: "settings.no_such_setting"}, sdk.Field{Path: "settings.url"}, sdk.Field{Path: "settings.tags"})
			}
			return ports, err
		}
	},
	"numbers for words": getting(func(*shelf, context.Context) { fmt.Fprintln(stderr, `{"@level":"info","@message":17}`) }),
	"endless lines":     getting(func(*shelf, context.Context) { fmt.Fprintf(stderr, "%070000d\n", 1) }),
}

// leaked keeps the collector from closing what is left open.
var (
	leaking sync.Mutex
	leaked  []net.Listener
)

// stderr is the process's own, before a library puts a pipe in its place.
var stderr = os.Stderr
