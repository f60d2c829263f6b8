// SPDX-License-Identifier: Apache-2.0

package protocoltest_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// dirEnv is a folder that outlives the processes of one test.
const dirEnv = "CARTAGE_TEST_DIR"

// seller is a plugin that makes carts, which outlive it as its keys do.
type seller struct {
	log *slog.Logger
	id  func(call sdk.Call) string // of a new cart
	// in memory, it keeps nothing in the folder.
	inMemory bool
	carts    sync.Map
	put, get func()
	deliver  func(s *seller, ctx context.Context, b sdk.Buyer)
}

// selling is a plugin around a seller that is broken in one way.
func selling(spoil func(s *seller), also ...func(p *sdk.Plugin)) func(p *sdk.Plugin) {
	return func(p *sdk.Plugin) {
		p.Info.KeyedWrites, p.Offers = true, []sdk.Port{sdk.PortCarts, sdk.PortCheckout}
		s := &seller{}
		s.id = func(call sdk.Call) string {
			sum := sha256.Sum256([]byte(string(call.Shop) + "|" + string(call.Key)))
			return hex.EncodeToString(sum[:16])
		}
		spoil(s)
		configured(func(c sdk.Config, ports *sdk.Ports) error {
			s.log = c.Log
			ports.Carts, ports.Checkout = s, s
			return nil
		})(p)
		for _, spoil := range also {
			spoil(p)
		}
	}
}

func (s *seller) path(id string) string {
	return filepath.Join(os.Getenv(dirEnv), "cart-"+filepath.Base(id))
}

func (s *seller) Put(_ context.Context, call sdk.Call, _ sdk.PutCart) (sdk.PutAnswer, error) {
	if s.put != nil {
		s.put()
	}
	id := s.id(call)
	s.carts.Store(id, true)
	if !s.inMemory {
		if err := os.WriteFile(s.path(id), nil, 0o600); err != nil {
			return sdk.PutAnswer{}, err
		}
	}
	return sdk.PutAnswer{Cart: sdk.Cart{ID: sdk.CartID(id), Currency: call.Currency}}, nil
}

func (s *seller) find(id sdk.CartID) (sdk.Cart, error) {
	_, here := s.carts.Load(string(id))
	if _, err := os.Stat(s.path(string(id))); !here && err != nil {
		return sdk.Cart{}, sdk.NewFault(sdk.NotFound, "unknown_cart", "no such cart").By(sdk.SourceCaller)
	}
	return sdk.Cart{ID: id, Currency: "GBP"}, nil
}

func (s *seller) Get(_ context.Context, _ sdk.Call, id sdk.CartID) (sdk.Cart, error) {
	if s.get != nil {
		s.get()
	}
	return s.find(id)
}

func (s *seller) Change(context.Context, sdk.Call, sdk.CartID, sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return sdk.ChangeAnswer{}, sdk.NewFault(sdk.Unsupported, "no_changes", "a cart stays as it is").By(sdk.SourcePlugin)
}

func (s *seller) Deliver(ctx context.Context, _ sdk.Call, id sdk.CartID, req sdk.Delivery) (sdk.Quote, error) {
	if s.deliver != nil {
		s.deliver(s, ctx, req.Buyer)
	}
	made, err := s.find(id)
	return sdk.Quote{Cart: made}, err
}

func (s *seller) HandOff(_ context.Context, _ sdk.Call, id sdk.CartID, _ sdk.HandOff) (sdk.Pages, error) {
	_, err := s.find(id)
	return sdk.Pages{Checkout: sdk.WebRequest{URL: "https://shop.example/" + string(id), Method: sdk.GET}, NeedLink: true}, err
}

// leaves starts a process that outlives this one, unless somebody ends it.
func leaves(attr *syscall.SysProcAttr, env ...string) func() {
	var once sync.Once
	return func() {
		once.Do(func() {
			cmd := exec.Command("sleep", "30")
			cmd.SysProcAttr, cmd.Env = attr, env
			_ = cmd.Start()
		})
	}
}

// sellers are roles of plugins that make carts.
var sellers = map[string]func(p *sdk.Plugin){
	"seller": selling(func(*seller) {}),
	"a demo in memory": selling(func(s *seller) {
		s.inMemory, s.id = true, func(sdk.Call) string { return rand.Text() }
	}, func(p *sdk.Plugin) { p.Info.Demo = true }),
	"keys die with it": selling(func(s *seller) {
		var keys sync.Map
		s.id = func(call sdk.Call) string {
			id, _ := keys.LoadOrStore(call.Key, rand.Text())
			return id.(string)
		}
	}),
	"carts die with it": selling(func(s *seller) { s.inMemory = true }),
	"leaves a child":    selling(func(s *seller) { s.put = leaves(nil, os.Environ()...) }),
	"leaves a daemon":   selling(func(s *seller) { s.put = leaves(&syscall.SysProcAttr{Setsid: true}, "A=b") }),
	"logs the buyer": selling(func(s *seller) {
		s.deliver = func(s *seller, ctx context.Context, b sdk.Buyer) { s.log.InfoContext(ctx, "delivered", "to", b.Email) }
	}),
	"prints the address": selling(func(s *seller) {
		s.deliver = func(_ *seller, _ context.Context, b sdk.Buyer) {
			fmt.Fprintln(stderr, "to", strings.ToUpper(b.Address.Line1))
		}
	}),
	"keeps what was read": selling(func(s *seller) {
		s.get = func() {
			held := make([]byte, 1<<20)
			for i := 0; i < len(held); i += 512 {
				held[i] = 1
			}
			go func() { select {} }()
			leaking.Lock()
			defer leaking.Unlock()
			memories = append(memories, held)
		}
	}),
}

// memories keep the collector from what was read.
var memories [][]byte
