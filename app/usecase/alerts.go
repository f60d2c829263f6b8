// SPDX-License-Identifier: Apache-2.0

package usecase

import (
	"context"
	"log/slog"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// Alerts says what needs somebody's eyes: each alert is a line of the log, and is counted.
type Alerts struct {
	log   *slog.Logger
	count func(shop.ID, loyalty.Alert)
}

// NewAlerts counts with count, which may be called from several goroutines, and is nil where nobody counts.
func NewAlerts(log *slog.Logger, count func(shop.ID, loyalty.Alert)) *Alerts {
	return &Alerts{log: log, count: count}
}

// alert is about an action of a shop, and an order where there is one. It is raised once what it is about is written down.
type alert struct {
	what   loyalty.Alert
	action loyalty.ActionID
	order  loyalty.OrderID
}

func (a *Alerts) raise(ctx context.Context, s shop.ID, all ...alert) {
	for _, one := range all {
		if one.what == "" {
			continue
		}
		if a.count != nil {
			a.count(s, one.what)
		}
		about := []any{"shop", s, "alert", one.what, "action", one.action}
		if one.order != "" {
			about = append(about, "order", one.order)
		}
		a.log.WarnContext(ctx, "points need somebody's eyes", about...)
	}
}
