// SPDX-License-Identifier: Apache-2.0

// Package ports is only this table. A port is a promise between two rooms that
// must not know each other.
//
//	port                       who calls            who implements              which kit judges
//	inbound.CartTransfer       adapters/inbound     app/usecase                 app/e2e
//	inbound.HandoffLinks       adapters/inbound     app/usecase                 app/e2e
//	inbound.OrderLookup        adapters/inbound     app/usecase                 app/e2e
//	inbound.POS                adapters/inbound     app/usecase                 app/e2e
//	inbound.OrderNews          adapters/inbound     app/usecase                 app/e2e
//	inbound.Redemptions        adapters/inbound     app/usecase                 app/e2e
//	backend.Carts, .Checkout,  app/usecase          plugins, through            ports/backend/backendtest
//	.Orders, .Loyalty                               adapters/backend
//	store.Handoffs             app/usecase          adapters/store/sqlite       ports/store/storetest
//	store.Idempotency          app/usecase          adapters/store/sqlite       ports/store/storetest
//	store.Ledger, .Offers,     app/usecase          adapters/store/sqlite       ports/store/storetest
//	.Movements, .Inbox, .Privacy
//	store.Health               app                  adapters/store/sqlite       ports/store/storetest
package ports
