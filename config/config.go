// SPDX-License-Identifier: Apache-2.0

// Package config is the host's settings: one struct tree, one Default, and one Load
// that layers file and environment over it, validates the whole and reports every
// mistake at once with its place. example.yaml is the operator's reference.
//
// Invariant: a Config that Load returned is valid as a whole, and prints without
// its secrets. The package knows nothing of what the settings are used for.
package config

import (
	"time"

	"github.com/cartage-dev/cartage/core/secret"
)

// Config is everything an operator may set. Map keys (names of backends, shops and
// secrets) are lower-case letters and digits with single underscores between them,
// so that an environment variable can reach them.
type Config struct {
	Server   Server             `koanf:"server"`
	Admin    Admin              `koanf:"admin"`
	Log      Log                `koanf:"log"`
	Store    Store              `koanf:"store"`
	Handoff  Handoff            `koanf:"handoff"`
	Plugins  Plugins            `koanf:"plugins"`
	Loyalty  Loyalty            `koanf:"loyalty"`
	Shopify  Shopify            `koanf:"shopify"`
	Allow    Allow              `koanf:"allow"`
	Backends map[string]Backend `koanf:"backends"`
	Shops    map[string]Shop    `koanf:"shops"`
}

// Server is the public API listener.
type Server struct {
	Listen string `koanf:"listen"` // host:port
	// PublicURL is how shoppers' devices reach this host; one-time links start with it.
	PublicURL         string        `koanf:"public_url"`
	ReadHeaderTimeout time.Duration `koanf:"read_header_timeout"`
	ReadTimeout       time.Duration `koanf:"read_timeout"`
	WriteTimeout      time.Duration `koanf:"write_timeout"`
	IdleTimeout       time.Duration `koanf:"idle_timeout"`
	MaxHeaderBytes    int           `koanf:"max_header_bytes"`
	// ReadyDelay is how long /readyz answers 503 before the listener closes, so
	// that a load balancer has looked; DrainTimeout bounds the wait for requests in flight.
	ReadyDelay   time.Duration `koanf:"ready_delay"`
	DrainTimeout time.Duration `koanf:"drain_timeout"`
	// TrustedProxies are CIDR ranges whose X-Forwarded-For is believed.
	TrustedProxies []string `koanf:"trusted_proxies"`
}

// Admin is the listener for health and metrics.
type Admin struct {
	Listen string `koanf:"listen"`
}

// Log is how the host writes its log to standard error.
type Log struct {
	Format string `koanf:"format"` // json or text
	Level  string `koanf:"level"`  // debug, info, warn or error
}

// Store is where the host remembers.
type Store struct {
	Driver string `koanf:"driver"` // sqlite
	Path   string `koanf:"path"`   // database file
}

// Handoff is about one-time links.
type Handoff struct {
	// Key seals what the store keeps of links and answers: 32 bytes in base64. When
	// it is not set, a key is made at first start and kept beside the database.
	Key secret.Text `koanf:"key"`
}

// Loyalty is about the points of every shop.
type Loyalty struct {
	// Keys sign the ids of offers: one or two of 32 bytes or more in base64, newest first. When
	// none is set, one is made at first start and kept beside the database.
	Keys []secret.Text `koanf:"keys"`
}

// Shopify is about Shopify as a channel.
type Shopify struct {
	Apps map[string]ShopifyApp `koanf:"apps"`
}

// ShopifyApp is an app of the operator's at Shopify, which shops install.
type ShopifyApp struct {
	Secrets []secret.Text `koanf:"secrets"`  // client secrets, one or two, newest first
	POSPath string        `koanf:"pos_path"` // what stands before promotions, perform_action and revert_action
	// HooksPath is where Shopify tells of orders.
	HooksPath string `koanf:"hooks_path"`
	// ClientID is whom the session tokens of POS UI extensions are for; empty: the app has none.
	ClientID string `koanf:"client_id"`
	// AppID is what Shopify writes on orders beside the app's offers; empty: any app's are looked at.
	AppID string `koanf:"app_id"`
	// PercentScale and VariantField are for tills that read a percentage, or the variant of a gift, in another way.
	PercentScale int    `koanf:"percent_scale"` // what a whole is: 100 or 1
	VariantField string `koanf:"variant_field"` // both, variant_id or value
}

// Plugins is where plugin programs and their sockets live.
type Plugins struct {
	Dir       string `koanf:"dir"`
	SocketDir string `koanf:"socket_dir"` // empty: a private folder of the system's
}

// Allow names what a production host would refuse. `cartage dev` allows all of it.
type Allow struct {
	DemoBackends     []string `koanf:"demo_backends"`     // backends whose plugin calls itself a demo
	InsecureBackends []string `koanf:"insecure_backends"` // backends whose settings hold http:// addresses
	UnpinnedPlugins  []string `koanf:"unpinned_plugins"`  // backends without sha256
	InsecureShops    []string `koanf:"insecure_shops"`    // shops with http:// checkout hosts
	DemoSecrets      []string `koanf:"demo_secrets"`      // shops that use a published secret
	DemoApps         []string `koanf:"demo_apps"`         // Shopify apps that do
	TestOrders       []string `koanf:"test_orders"`       // Shopify apps whose test orders count
}

// Backend is one named backend: a plugin program and what it is told.
type Backend struct {
	Plugin       string                 `koanf:"plugin"` // program in plugins.dir, or a path with a slash
	SHA256       string                 `koanf:"sha256"` // of the program, in hexadecimal
	StartTimeout time.Duration          `koanf:"start_timeout"`
	Env          []string               `koanf:"env"` // names of variables handed on to the program
	Settings     map[string]any         `koanf:"settings"`
	Secrets      map[string]secret.Text `koanf:"secrets"`
	Limits       Limits                 `koanf:"limits"`
	Guard        Guard                  `koanf:"guard"`
}

// Limits bound what the process of one backend may use.
type Limits struct {
	Memory Size   `koanf:"memory"` // resident; above it the process is killed and started again
	Files  uint32 `koanf:"files"`  // open at once
}

// Guard bounds what one backend may cost the host.
type Guard struct {
	Timeout      time.Duration `koanf:"timeout"`       // of one call
	ProbeTimeout time.Duration `koanf:"probe_timeout"` // of a call that tries whether the backend is well again
	Concurrency  int           `koanf:"concurrency"`   // calls at once
	Queue        int           `koanf:"queue"`         // calls waiting for a place
	QueueWait    time.Duration `koanf:"queue_wait"`
	// The breaker opens when at least MinRequests calls in Window failed at FailureRatio.
	Window       time.Duration `koanf:"window"`
	MinRequests  uint32        `koanf:"min_requests"`
	FailureRatio float64       `koanf:"failure_ratio"`
	OpenFor      time.Duration `koanf:"open_for"`
	Probes       uint32        `koanf:"probes"` // calls let through to try
}

// Shop is one shop: its rules, its backends and its channels.
type Shop struct {
	Locale     string   `koanf:"locale"` // BCP 47
	Currencies []string `koanf:"currencies"`
	// Backends names the backend of each port: carts, orders, and loyalty where points are
	// not kept here.
	Backends map[string]string `koanf:"backends"`
	// CheckoutHosts are the only origins a shopper may be sent to: https hosts, with a
	// port where it is not 443, or http://host:port where allowed.
	CheckoutHosts []string `koanf:"checkout_hosts"`
	CookieDomains []string `koanf:"cookie_domains"`
	Headers       []string `koanf:"headers"` // that a backend may add to the first navigation
	Poq           *Poq     `koanf:"poq"`
	Shadow        *Shadow  `koanf:"shadow"`
	// Shopify says which shop at Shopify this is; nil when it is none.
	Shopify *ShopifyShop `koanf:"shopify"`
	Loyalty *Programme   `koanf:"loyalty"` // nil: the shop has none
}

// ShopifyShop is a shop as Shopify names it.
type ShopifyShop struct {
	App    string `koanf:"app"`     // that it has installed
	Domain string `koanf:"domain"`  // such as my-shop.myshopify.com
	ShopID int    `koanf:"shop_id"` // its number
}

// Programme is a shop's loyalty.
type Programme struct {
	Label  string            `koanf:"label"`  // of the balance
	Labels map[string]string `koanf:"labels"` // in other languages
	Offers map[string]Offer  `koanf:"offers"`
	Earn   *Earn             `koanf:"earn"` // nil: orders earn nothing
	// Reoffer is fresh, for an offer that is taken back to be shown under a new id, or same.
	Reoffer string `koanf:"reoffer"`
}

// Offer is what points are good for.
type Offer struct {
	Kind         string            `koanf:"kind"` // flat_discount, percent_discount or add_variant
	Cost         int               `koanf:"cost"` // points; 0 for everybody
	Title        string            `koanf:"title"`
	Titles       map[string]string `koanf:"titles"`
	Description  string            `koanf:"description"` // empty: what it costs
	Descriptions map[string]string `koanf:"descriptions"`
	Amounts      map[string]string `koanf:"amounts"` // of a flat discount, by currency
	Percent      string            `koanf:"percent"` // of a percent discount
	Variant      string            `koanf:"variant"` // that is added
}

// Earn is what an order earns: Points for each Amount of Currency.
type Earn struct {
	Points   int    `koanf:"points"`
	Amount   string `koanf:"amount"`
	Currency string `koanf:"currency"`
}

// Shadow rehearses a swap: a share of a shop's new carts is made at another backend
// as well, and what both say is compared. Shoppers see nothing of it.
type Shadow struct {
	Backend string  `koanf:"backend"` // the candidate for carts
	Share   float64 `koanf:"share"`   // of the carts, up to 1
}

// Poq is a shop's Poq channel; a shop without it has none.
type Poq struct {
	Path    string        `koanf:"path"`    // of the cart transfer endpoint
	Secrets []secret.Text `koanf:"secrets"` // one or two, newest first
	// OrdersSecrets open GET {orders path}/{reference} for reconciliation; none: not served.
	OrdersSecrets []secret.Text `koanf:"orders_secrets"`
	// CustomerHeader carries the token of a signed-in shopper.
	CustomerHeader string        `koanf:"customer_header"`
	Shortage       string        `koanf:"shortage"`  // lenient or strict
	AllowIPs       []string      `koanf:"allow_ips"` // CIDR ranges; none: any
	Budget         time.Duration `koanf:"budget"`    // for one transfer
}
