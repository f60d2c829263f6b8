// SPDX-License-Identifier: Apache-2.0

package app

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/ports/inbound"
	"github.com/cartage-dev/cartage/ports/store"
)

var usecaseModule = fx.Module("usecase",
	fx.Provide(newSealer, newKeyring, newLinks, newTransfer, usecase.NewOrders, usecase.NewBooks, newPOS, newAlerts, usecase.NewSettlement, usecase.NewRedemptions),
	fx.Provide(
		func(t *usecase.Transfer) inbound.CartTransfer { return t },
		func(l *usecase.Links) inbound.HandoffLinks { return l },
		func(o *usecase.Orders) inbound.OrderLookup { return o },
		func(p *usecase.POS) inbound.POS { return p },
		func(s *usecase.Settlement) inbound.OrderNews { return s },
		func(r *usecase.Redemptions) inbound.Redemptions { return r },
	),
	fx.Invoke(workNews, lookAfterHolds, movePoints, showBacklogs))

func newLinks(cfg config.Config, shops *usecase.Directory, s store.Store, sealer *usecase.Sealer) *usecase.Links {
	return usecase.NewLinks(strings.TrimSuffix(cfg.Server.PublicURL, "/"), shops, s, sealer)
}

func newTransfer(shops *usecase.Directory, s store.Store, links *usecase.Links, sealer *usecase.Sealer, log *slog.Logger) *usecase.Transfer {
	return usecase.NewTransfer(shops, s, links, sealer, log)
}

// newSealer takes the key from config, or the one beside the database. It asks
// for the store so that only the host that holds the database makes a key.
func newSealer(cfg config.Config, _ store.Store) (*usecase.Sealer, error) {
	text := cfg.Handoff.Key.Reveal()
	if cfg.Handoff.Key.Empty() {
		var err error
		if text, err = keptKey(filepath.Join(filepath.Dir(cfg.Store.Path), "handoff.key")); err != nil {
			return nil, err
		}
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("hand-off key is not base64")
	}
	return usecase.NewSealer(key)
}

// keptKey reads the key file, and makes it when there is none.
func keptKey(path string) (string, error) {
	kept, err := os.ReadFile(path) //nolint:gosec // G304: a path from the operator's config
	if !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return "", fmt.Errorf("read key: %w", err)
		}
		return string(kept), nil
	}
	raw := make([]byte, usecase.SealKeyBytes)
	_, _ = rand.Read(raw)
	text := base64.StdEncoding.EncodeToString(raw)
	if err := writeWhole(path, text+"\n"); err != nil {
		return "", fmt.Errorf("keep a new key: %w", err)
	}
	return text, nil
}

// writeWhole leaves either the whole file or none, also after a power loss.
func writeWhole(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
