// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/config"
)

// whole says that a bad config is not made of the good one.
const whole = "\x00"

// bad are configs that production refuses: in the good one the first old becomes
// new, and the environment gets more. A wanted line has no file name before its line and column.
var bad = []struct {
	name, old, new string
	environ        []string
	want           string
}{
	{"unknown key", "server:\n", "server:\n  lisen: 127.0.0.1:0\n", nil, `2:3: server.lisen: unknown key; did you mean server.listen?`},
	{"unknown group", "server:\n", "sever: {}\nserver:\n", nil, `1:1: sever: unknown key; did you mean server?`},
	{"unknown key, like no other", "server:\n", "server:\n  colour: red\n", nil, `2:3: server.colour: unknown key; valid here: listen, public_url, read_header_timeout, read_timeout, write_timeout, idle_timeout, max_header_bytes, ready_delay, drain_timeout, trusted_proxies`},
	{"key of another spelling", "server:\n", "server:\n  readTimeout: 5s\n", nil, `2:3: server.readTimeout: unknown key; did you mean server.read_timeout?`},
	{"key with hyphens", "server:\n", "server:\n  idle-timeout: 5s\n", nil, `2:3: server.idle-timeout: unknown key; did you mean server.idle_timeout?`},
	{"key one level too high", "    plugin: magento2\n", "    plugin: magento2\n    timeout: 1s\n", nil, `6:5: backends.m2.timeout: unknown key; did you mean backends.m2.guard.timeout?`},
	{"key of another group", "server:\n", "listen: :80\nserver:\n", nil, `1:1: listen: unknown key; did you mean server.listen?`},
	{"key of a shop", "  uk:\n", "  uk:\n    currency: GBP\n", nil, `18:5: shops.uk.currency: unknown key; did you mean shops.uk.currencies?`},
	{"key of a channel", "    poq:\n", "    poq:\n      secret: env:POQ_SECRET\n", nil, `22:7: shops.uk.poq.secret: unknown key; did you mean shops.uk.poq.secrets?`},
	{"rehearsal without a backend", "    poq:\n", "    shadow: {share: 0.5}\n    poq:\n", nil, `21:5: shops.uk.shadow.backend: missing; name the backend that is to be tried`},
	{"rehearsal with a stranger", "    poq:\n", "    shadow: {backend: m3}\n    poq:\n", nil, `21:23: shops.uk.shadow.backend: no backend is called "m3"; name one of backends; did you mean m2?`},
	{"rehearsal with oneself", "    poq:\n", "    shadow: {backend: m2}\n    poq:\n", nil, `21:23: shops.uk.shadow.backend: "m2" makes the shop's carts already; name another`},
	{"rehearsal of everything twice", "    poq:\n", "    shadow: {backend: m3, share: 2}\n    poq:\n", nil, `21:23: shops.uk.shadow.backend: no backend is called "m3"; name one of backends; did you mean m2?
21:34: shops.uk.shadow.share: 2 is out of bounds; write more than 0 and at most 1`},
	{"secret written against its key", "server:\n", "handoff: {key:canary-inline}\nserver:\n", nil, `1:11: handoff.key…: unknown key; did you mean handoff.key?`},
	{"key given twice", "server:\n", "server:\n  listen: :80\n  listen: :81\n", nil, `3:3: server.listen: given twice; it stands in line 2 already`},
	{"group given twice", "server:\n", "server: {}\nserver:\n", nil, `1:1: server.public_url: one-time links would begin with http://; write the https:// URL that shoppers reach this host at, or name a shop in allow.insecure_shops
2:1: server: given twice; it stands in line 1 already`},
	{"setting given twice", "    settings:\n", "    settings:\n      depth: 1\n", nil, `10:7: backends.m2.settings.depth: given twice; it stands in line 8 already`},
	{"key that is no text", "server:\n", "[a]: 1\nserver:\n", nil, `1:1: a key that is not text; write a name`},
	{"text for a group", "server:\n", "log: json\nserver:\n", nil, `1:6: log: text is not a group of keys; write its keys below it, indented`},
	{"list for a group", "server:\n", "log: [json]\nserver:\n", nil, `1:6: log: a list is not a group of keys; write its keys below it, indented`},
	{"text for the whole", whole, "hello\n", nil, `1:1: text is not a group of keys; write its keys below it, indented`},
	{"group for text", "server:\n", "server:\n  listen: {port: 80}\n", nil, `2:11: server.listen: a group of keys is not text; write one value`},
	{"list for text", "server:\n", "server:\n  listen: [\":80\"]\n", nil, `2:11: server.listen: a list is not text; write one value`},
	{"text for a list", "    currencies: [GBP]\n", "    currencies: GBP\n", nil, `18:17: shops.uk.currencies: text is not a list; write [a, b], or each in a line of its own behind a hyphen`},
	{"text for a whole number", "server:\n", "server:\n  max_header_bytes: many\n", nil, `2:21: server.max_header_bytes: "many" is not a whole number; write digits only`},
	{"fraction for a whole number", "server:\n", "server:\n  max_header_bytes: 16384.5\n", nil, `2:21: server.max_header_bytes: "16384.5" is not a whole number; write digits only`},
	{"text for a number", "    plugin: magento2\n", "    plugin: magento2\n    guard: {failure_ratio: half}\n", nil, `6:28: backends.m2.guard.failure_ratio: "half" is not a number; write one like 0.5`},
	{"true for text", "server:\n", "store: {path: true}\nserver:\n", nil, `1:15: store.path: true or false is not text; write text, in quotes where it is the word true or false`},
	{"nothing for text", "server:\n", "store:\n  path:\nserver:\n", nil, `2:8: store.path: no value; write one, or leave the key out`},
	{"tagged value", "server:\n", "store: {path: !secret canary}\nserver:\n", nil, `1:15: store.path: a tagged value is not text; write it without a tag (!)`},
	{"control character", "server:\n", "store: {path: \"a\\tb\"}\nserver:\n", nil, `1:15: store.path: a control character in the text; take it out`},
	{"setting that JSON does not have", "    settings:\n", "    settings:\n      limit: .inf\n", nil, `8:14: backends.m2.settings.limit: a value that JSON does not have; write text, a number, true or false`},
	{"tab in the indentation", "server:\n", "server:\n\tlisten: :80\n", nil, `2:1: a tab in the indentation; indent with spaces`},
	{"quote that does not end", "    currencies: [GBP]\n", "    currencies: [\"GBP]\n", nil, `18:5: not YAML: found unexpected end of stream; compare the indentation and the quotes with the lines before`},
	{"indentation that does not fit", "    currencies: [GBP]\n", "    currencies: [GBP]\n   locale: en-GB\n", nil, `19:4: not YAML: did not find expected key; compare the indentation and the quotes with the lines before`},
	{"text with a colon", "server:\n", "store: {path: a: b}\nserver:\n", nil, `1:1: not YAML: did not find expected ',' or '}'; compare the indentation and the quotes with the lines before`},
	{"alias bomb", whole, "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", nil, `1:4: an anchor (&); take it away, since aliases are refused; a text that begins with & goes in quotes
2:4: an anchor (&); take it away, since aliases are refused; a text that begins with & goes in quotes
2:8: an alias (*); write the value out; a text that begins with * goes in quotes
2:12: an alias (*); write the value out; a text that begins with * goes in quotes
3:5: an alias (*); write the value out; a text that begins with * goes in quotes
3:9: an alias (*); write the value out; a text that begins with * goes in quotes`},
	{"merge", "server:\n", "server:\n  <<: {listen: \":80\"}\n", nil, `2:3: a merge (<<); write the keys out`},
	{"alias to nothing", "    currencies: [GBP]\n", "    currencies: [*canary]\n", nil, `18:18: an alias (*); write the value out; a text that begins with * goes in quotes`},
	{"too many levels", "    settings:\n", "    settings:\n      deep: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n", nil, `8:42: more than 32 levels; nest less`},
	{"second document", "server:\n", "---\nlog: {}\n---\nserver:\n", nil, `3:1: a second document; keep one, and no line --- after it`},
	{"byte order mark", whole, "\ufeff", nil, `1:1: a byte order mark; save the file as UTF-8 without one`},
	{"NUL", "server:\n", "server: # \x00\n", nil, `1:11: a NUL byte; save the file as UTF-8 text`},
	{"not UTF-8", "server:\n", "server: # \xff\n", nil, `1:11: bytes that are not UTF-8; save the file as UTF-8 text`},
	{"empty file", whole, "", nil, `1:1: server.public_url: one-time links would begin with http://; write the https:// URL that shoppers reach this host at, or name a shop in allow.insecure_shops
1:1: shops: missing; name at least one shop`},
	{"bad duration", "    plugin: magento2\n", "    plugin: magento2\n    guard:\n      timeout: 2 sec\n", nil, `7:16: backends.m2.guard.timeout: "2 sec" is not a duration; write 800ms or 2s`},
	{"duration without a unit", "server:\n", "server:\n  read_timeout: 5\n", nil, `2:17: server.read_timeout: "5" is not a duration; write 800ms or 2s`},
	{"negative duration", "server:\n", "server:\n  ready_delay: -1s\n", nil, `2:16: server.ready_delay: -1s is out of bounds; write 0s to 5m`},
	{"timeout longer than a call can be", "    plugin: magento2\n", "    plugin: magento2\n    guard: {timeout: 6s}\n", nil, `6:22: backends.m2.guard.timeout: 6s is out of bounds; write 50ms to 5s`},
	{"timeout longer than the budget", "    plugin: magento2\n", "    plugin: magento2\n    guard: {timeout: 2500ms}\n", nil, `6:22: backends.m2.guard.timeout: 2.5s is more than the budget of shop uk, 2s; write the budget or less`},
	{"budget too long", "    poq:\n", "    poq:\n      budget: 5s\n", nil, `22:15: shops.uk.poq.budget: 5s is out of bounds; write 100ms to 4s`},
	{"answer cut before its budget", "server:\n", "server:\n  write_timeout: 2s\n", nil, `2:18: server.write_timeout: 2s ends an answer before the budget of shop uk, 2s; write more than the budget`},
	{"window shorter than its calls", "    plugin: magento2\n", "    plugin: magento2\n    guard: {window: 2s}\n", nil, `6:21: backends.m2.guard.window: 2s is too short; write at least twice the timeouts, 3s`},
	{"breaker ratio above one", "    plugin: magento2\n", "    plugin: magento2\n    guard: {failure_ratio: 1.5}\n", nil, `6:28: backends.m2.guard.failure_ratio: 1.5 is out of bounds; write more than 0 and at most 1`},
	{"breaker ratio of nothing", "    plugin: magento2\n", "    plugin: magento2\n    guard: {failure_ratio: 0}\n", nil, `6:28: backends.m2.guard.failure_ratio: 0 is out of bounds; write more than 0 and at most 1`},
	{"memory without a unit", "    plugin: magento2\n", "    plugin: magento2\n    limits: {memory: 512}\n", nil, `6:22: backends.m2.limits.memory: "512" is not a size; write 512MiB or 2GiB`},
	{"memory in another unit", "    plugin: magento2\n", "    plugin: magento2\n    limits: {memory: 1.5GB}\n", nil, `6:22: backends.m2.limits.memory: "1.5GB" is not a size; write 512MiB or 2GiB`},
	{"memory below nothing", "    plugin: magento2\n", "    plugin: magento2\n    limits: {memory: -64MiB}\n", nil, `6:22: backends.m2.limits.memory: "-64MiB" is not a size; write 512MiB or 2GiB`},
	{"memory beyond all numbers", "    plugin: magento2\n", "    plugin: magento2\n    limits: {memory: 9000000000000GiB}\n", nil, `6:22: backends.m2.limits.memory: "9000000000000GiB" is not a size; write 512MiB or 2GiB`},
	{"list for memory", "    plugin: magento2\n", "    plugin: magento2\n    limits: {memory: [512MiB]}\n", nil, `6:22: backends.m2.limits.memory: a list is not a size; write one value`},
	{"too little memory and too few files", "    plugin: magento2\n", "    plugin: magento2\n    limits:\n      memory: 63MiB\n      files: 63\n", nil, `7:15: backends.m2.limits.memory: 63MiB is out of bounds; write 64MiB to 64GiB
8:14: backends.m2.limits.files: 63 is out of bounds; write 64 to 1048576`},
	{"too much memory and too many files", "    plugin: magento2\n", "    plugin: magento2\n    limits: {memory: 65GiB, files: 1048577}\n", nil, `6:22: backends.m2.limits.memory: 65GiB is out of bounds; write 64MiB to 64GiB
6:36: backends.m2.limits.files: 1048577 is out of bounds; write 64 to 1048576`},
	{"files below nothing", "    plugin: magento2\n", "    plugin: magento2\n    limits: {files: -1}\n", nil, `6:21: backends.m2.limits.files: "-1" is not a whole number; write digits only`},
	{"limit one level too high", "    plugin: magento2\n", "    plugin: magento2\n    memory: 1GiB\n", nil, `6:5: backends.m2.memory: unknown key; did you mean backends.m2.limits.memory?`},
	{"variable with a wrong size", "", "", []string{"CARTAGE_BACKENDS__M2__LIMITS__MEMORY=1GB"}, `environment: CARTAGE_BACKENDS__M2__LIMITS__MEMORY: backends.m2.limits.memory: "1GB" is not a size; write 512MiB or 2GiB`},
	{"no calls at once", "    plugin: magento2\n", "    plugin: magento2\n    guard: {concurrency: 0}\n", nil, `6:26: backends.m2.guard.concurrency: 0 is out of bounds; write 1 to 4096`},
	{"no probes", "    plugin: magento2\n", "    plugin: magento2\n    guard: {probes: 0}\n", nil, `6:21: backends.m2.guard.probes: 0 is out of bounds; write 1 to 1000`},
	{"address without a port", "server:\n", "server:\n  listen: 127.0.0.1\n", nil, `2:11: server.listen: "127.0.0.1" is not an address to listen at; write host:port, such as 127.0.0.1:8080 or :8080`},
	{"port that is none", "server:\n", "admin: {listen: \":99999\"}\nserver:\n", nil, `1:17: admin.listen: ":99999" is not an address to listen at; write host:port, such as 127.0.0.1:8080 or :8080`},
	{"two listeners at one address", "server:\n", "admin: {listen: 127.0.0.1:8080}\nserver:\n", nil, `1:17: admin.listen: the same address as server.listen; give each its own`},
	{"public URL without a scheme", "https://carts.example.com", "carts.example.com", nil, `2:15: server.public_url: not the URL of a host; write https://host, with a port or path where shoppers need one`},
	{"public URL with a password", "https://carts.example.com", "https://user:canary@carts.example.com", nil, `2:15: server.public_url: a URL with more than a host, port and path; take away what is before @ and from ? or # on`},
	{"public URL without TLS", "https://carts.example.com", "http://carts.example.com", nil, `2:15: server.public_url: one-time links would begin with http://; write the https:// URL that shoppers reach this host at, or name a shop in allow.insecure_shops`},
	{"trusted proxy without a length", "server:\n", "server:\n  trusted_proxies: [10.0.0.1]\n", nil, `2:21: server.trusted_proxies[0]: "10.0.0.1" is not a range of addresses; write 10.0.0.1/32 for one address`},
	{"trusted proxy that is none", "server:\n", "server:\n  trusted_proxies: [10.0.0.0/8, proxy]\n", nil, `2:33: server.trusted_proxies[1]: "proxy" is not a range of addresses; write one like 192.0.2.0/24`},
	{"unknown log level", "server:\n", "log: {level: warning}\nserver:\n", nil, `1:14: log.level: "warning" is unknown; write debug or info or warn or error; did you mean warn?`},
	{"unknown log format", "server:\n", "log: {format: xml}\nserver:\n", nil, `1:15: log.format: "xml" is unknown; write json or text`},
	{"unknown store", "server:\n", "store: {driver: sqlite3}\nserver:\n", nil, `1:17: store.driver: "sqlite3" is unknown; write sqlite; did you mean sqlite?`},
	{"store without a path", "server:\n", "store: {path: \"\"}\nserver:\n", nil, `1:15: store.path: empty; give the path of the database file`},
	{"allowed backend that is none", "server:\n", "allow: {demo_backends: [m3]}\nserver:\n", nil, `1:25: allow.demo_backends[0]: no backend has this name; name one, or take it away; did you mean m2?`},
	{"allowed shop that is none", "server:\n", "allow: {demo_secrets: [uk, de]}\nserver:\n", nil, `1:28: allow.demo_secrets[1]: no shop has this name; name one, or take it away`},
	{"name of a backend", "  m2:\n", "  Magento-2: {plugin: mock, sha256: \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"}\n  m2:\n", nil, `4:3: backends.Magento-2: not a name; write up to 40 lower-case letters and digits, with single underscores between them`},
	{"name with two underscores", "  m2:\n", "  m__2: {plugin: mock, sha256: \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"}\n  m2:\n", nil, `4:3: backends.m__2: not a name; write up to 40 lower-case letters and digits, with single underscores between them`},
	{"no plugin", "    plugin: magento2\n", "", nil, `4:3: backends.m2.plugin: missing; name the plugin's program`},
	{"checksum that is none", "9f86d081", "9f86", nil, `6:13: backends.m2.sha256: not a SHA-256; write the 64 hexadecimal digits that cartage check prints`},
	{"no checksum", "    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n", "", nil, `4:3: backends.m2.sha256: missing; write what cartage check prints, or name m2 in allow.unpinned_plugins`},
	{"value of a variable", "    plugin: magento2\n", "    plugin: magento2\n    env: [TOKEN=canary]\n", nil, `6:11: backends.m2.env[0]: not the name of a variable; write the name alone: its value is taken from the host's environment`},
	{"variable of the host's", "    plugin: magento2\n", "    plugin: magento2\n    env: [CARTAGE_HANDOFF__KEY]\n", nil, `6:11: backends.m2.env[0]: variable "CARTAGE_HANDOFF__KEY" is the host's own; hand on another`},
	{"address without TLS", "https://shop.example.com", "http://user:canary@shop.example.com", nil, `8:17: backends.m2.settings.base_url: an http:// address; write https://, or name m2 in allow.insecure_backends`},
	{"address without TLS in a list", "    settings:\n", "    settings:\n      more: {hosts: [https://a, HTTP://b]}\n", nil, `8:33: backends.m2.settings.more.hosts[1]: an http:// address; write https://, or name m2 in allow.insecure_backends`},
	{"no shops", whole, "backends: {}\n", nil, `1:1: server.public_url: one-time links would begin with http://; write the https:// URL that shoppers reach this host at, or name a shop in allow.insecure_shops
1:1: shops: missing; name at least one shop`},
	{"name of a shop", "  uk:\n", "  \"u k\": {currencies: [GBP], checkout_hosts: [a.example.com]}\n  uk:\n", nil, `17:3: shops.u…: not a name; write up to 40 lower-case letters and digits, with single underscores between them`},
	{"unknown backend", "carts: m2,", "carts: m3,", nil, `19:23: shops.uk.backends.carts: no backend is called "m3"; name one of backends; did you mean m2?`},
	{"unknown port", "orders: m2}", "order: m2}", nil, `19:27: shops.uk.backends.order: unknown port; did you mean shops.uk.backends.orders?`},
	{"port like no other", "orders: m2}", "search: m2}", nil, `19:27: shops.uk.backends.search: unknown port; valid here: carts, orders, loyalty`},
	{"points of no loyalty", "orders: m2}", "orders: m2, loyalty: m2}", nil, `19:48: shops.uk.backends.loyalty: the shop has no loyalty; say under loyalty what points are good for, or take this away`},
	{"channel without a backend", "    backends: {carts: m2, orders: m2}\n", "", nil, `17:3: shops.uk.backends.carts: missing; name the backend that makes the carts`},
	{"orders without a backend", ", orders: m2}\n    checkout_hosts: [shop.example.com]\n    poq:\n", "}\n    checkout_hosts: [shop.example.com]\n    poq:\n      orders_secrets: [env:POQ_SECRET]\n", nil, `19:5: shops.uk.backends.orders: missing; name the backend that knows the orders, or take orders_secrets away`},
	{"unknown locale", "    currencies: [GBP]\n", "    currencies: [GBP]\n    locale: english\n", nil, `19:13: shops.uk.locale: "english" is not a locale; write one like en-GB`},
	{"locale in another case", "    currencies: [GBP]\n", "    currencies: [GBP]\n    locale: en_gb\n", nil, `19:13: shops.uk.locale: "en_gb" is not a locale; write one like en-GB`},
	{"unknown currency", "[GBP]", "[GBP, GBX]", nil, `18:23: shops.uk.currencies[1]: "GBX" is not a currency; write an ISO 4217 code such as GBP`},
	{"currency in lower case", "[GBP]", "[gbp]", nil, `18:18: shops.uk.currencies[0]: "gbp" is not a currency; write an ISO 4217 code such as GBP`},
	{"currency given twice", "[GBP]", "[GBP, EUR, GBP]", nil, `18:28: shops.uk.currencies[2]: "GBP" is given twice; take one away`},
	{"no currency", "    currencies: [GBP]\n", "", nil, `17:3: shops.uk.currencies: missing; name at least one, such as GBP`},
	{"no checkout hosts", "[shop.example.com]", "[]", nil, `20:21: shops.uk.checkout_hosts: missing; name the hosts that a shopper may be sent to, such as shop.example.com`},
	{"wildcard", "[shop.example.com]", "[\"*.example.com\"]", nil, `20:22: shops.uk.checkout_hosts[0]: not an origin; an origin must name one host: wildcards are not allowed`},
	{"checkout host with a path", "[shop.example.com]", "[shop.example.com, https://shop.example.com/cart]", nil, `20:40: shops.uk.checkout_hosts[1]: not an origin; an origin must end after the host and port: no path, query or fragment`},
	{"checkout host with a password", "[shop.example.com]", "[https://user:canary@shop.example.com]", nil, `20:22: shops.uk.checkout_hosts[0]: not an origin; an origin must not carry a user name or password`},
	{"checkout host without TLS", "[shop.example.com]", "[http://shop.example.com]", nil, `20:22: shops.uk.checkout_hosts[0]: an http:// address; write https://, or name uk in allow.insecure_shops`},
	{"checkout host that is a public suffix", "[shop.example.com]", "[co.uk]", nil, `20:22: shops.uk.checkout_hosts[0]: not an origin; an origin must be a host of one owner, not a public suffix`},
	{"cookie domain outside", "    currencies: [GBP]\n", "    currencies: [GBP]\n    cookie_domains: [example.org]\n", nil, `19:22: shops.uk.cookie_domains[0]: "example.org" cannot be used; a cookie domain must be the host of one of the shop's origins, or a parent of it`},
	{"cookie domain that is a public suffix", "    currencies: [GBP]\n", "    currencies: [GBP]\n    cookie_domains: [example.com, com]\n", nil, `19:35: shops.uk.cookie_domains[1]: "com" cannot be used; a cookie domain must not be a public suffix or a name without a dot`},
	{"header that no backend sets", "    currencies: [GBP]\n", "    currencies: [GBP]\n    headers: [X-Store, Cookie]\n", nil, `19:24: shops.uk.headers[1]: Cookie cannot be allowed; name a header that a backend may set`},
	{"header with its value", "    currencies: [GBP]\n", "    currencies: [GBP]\n    headers: [\"X-Token: canary\"]\n", nil, `19:15: shops.uk.headers[0]: X-Token… cannot be allowed; name a header that a backend may set`},
	{"two shops with one path", "  uk:\n", "  de:\n    currencies: [EUR]\n    backends: {carts: m2}\n    checkout_hosts: [a.example.com]\n    poq: {path: /poq/uk/cart-transfer, secrets: [env:POQ_SECRET]}\n  uk:\n", nil, `26:5: shops.uk.poq.path: "/poq/uk/cart-transfer" is served for shop de already; give each its own`},
	{"path of the links", "    poq:\n", "    poq:\n      path: /handoff/uk\n", nil, `22:13: shops.uk.poq.path: "/handoff/uk" is where one-time links are; write one outside /handoff/`},
	{"path with a query", "    poq:\n", "    poq:\n      path: /poq/uk?key=canary\n", nil, `22:13: shops.uk.poq.path: not a plain path; write one like /poq/uk/cart-transfer, without wildcards, escapes or a slash at its end`},
	{"path that is relative", "    poq:\n", "    poq:\n      path: poq/uk\n", nil, `22:13: shops.uk.poq.path: not a plain path; write one like /poq/uk/cart-transfer, without wildcards, escapes or a slash at its end`},
	{"header of the secret", "    poq:\n", "    poq:\n      customer_header: authorization\n", nil, `22:24: shops.uk.poq.customer_header: authorization cannot carry a shopper's token; name a header of its own, such as X-Customer-Authorization`},
	{"unknown shortage", "    poq:\n", "    poq:\n      shortage: lenent\n", nil, `22:17: shops.uk.poq.shortage: "lenent" is unknown; write lenient or strict; did you mean lenient?`},
	{"range of addresses", "    poq:\n", "    poq:\n      allow_ips: [198.51.100.7]\n", nil, `22:19: shops.uk.poq.allow_ips[0]: "198.51.100.7" is not a range of addresses; write 198.51.100.7/32 for one address`},
	{"no secret", "[env:POQ_SECRET]", "[]", nil, `22:16: shops.uk.poq.secrets: missing; write env:NAME or file:/path`},
	{"three secrets", "[env:POQ_SECRET]", "[env:POQ_SECRET, env:M2_TOKEN, env:POQ_SECRET]", nil, `22:16: shops.uk.poq.secrets: 3 secrets; keep two at most: the one in use and the one to come`},
	{"variable that is not set", "[env:POQ_SECRET]", "[env:POQ_SECRTE]", nil, `22:17: shops.uk.poq.secrets[0]: variable POQ_SECRTE is not set; set it, or refer to another`},
	{"variable that is empty", "[env:POQ_SECRET]", "[env:EMPTY]", []string{"EMPTY="}, `22:17: shops.uk.poq.secrets[0]: variable EMPTY is empty; give it a value, or refer to another`},
	{"reference without a name", "[env:POQ_SECRET]", "[\"env:\"]", nil, `22:17: shops.uk.poq.secrets[0]: env: is followed by no name of a variable; write env:NAME`},
	{"empty secret", "[env:POQ_SECRET]", "[\"\"]", nil, `22:17: shops.uk.poq.secrets[0]: an empty secret; write env:NAME or file:/path`},
	{"secret written out", "[env:POQ_SECRET]", "[canary-inline]", nil, `22:17: shops.uk.poq.secrets[0]: a secret is written out; write env:NAME or file:/path, or name uk in allow.demo_secrets`},
	{"backend's secret written out", "env:M2_TOKEN", "canary-inline", nil, `15:14: backends.m2.secrets.token: a secret is written out; write env:NAME or file:/path`},
	{"secret that is no text", "[env:POQ_SECRET]", "[{env: POQ_SECRET}]", nil, `22:17: shops.uk.poq.secrets[0]: a group of keys is not a reference to a secret; write one value`},
	{"secrets that are no list", "[env:POQ_SECRET]", "canary-inline", nil, `22:16: shops.uk.poq.secrets: text is not a list; write [a, b], or each in a line of its own behind a hyphen`},
	{"published secret by reference", "[env:POQ_SECRET]", "[env:PUBLISHED]", []string{"PUBLISHED=demo-orders-secret"}, `22:17: shops.uk.poq.secrets[0]: a published demo secret; use one of your own, or name uk in allow.demo_secrets`},
	{"secret with a line break", "[env:POQ_SECRET]", "[env:LINES]", []string{"LINES=canary\nmore"}, `22:17: shops.uk.poq.secrets[0]: a secret with white space at an end or a control character; use one without`},
	{"key that is no key", "server:\n", "handoff: {key: env:POQ_SECRET}\nserver:\n", nil, `1:16: handoff.key: not 32 bytes in base64; make one with: head -c 32 /dev/urandom | base64`},
	{"key written out", "server:\n", "handoff: {key: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}\nserver:\n", nil, `1:16: handoff.key: a secret is written out; write env:NAME or file:/path`},
	{"unknown variable", "", "", []string{"CARTAGE_SERVER__LISEN=:80"}, `environment: CARTAGE_SERVER__LISEN: server.lisen: unknown key; did you mean server.listen?`},
	{"variable of an unknown group", "", "", []string{"CARTAGE_SEVER__LISTEN=:80"}, `environment: CARTAGE_SEVER__LISTEN: sever: unknown key; did you mean server?`},
	{"variable with one underscore", "", "", []string{"CARTAGE_SERVER_LISTEN=:80"}, `environment: CARTAGE_SERVER_LISTEN: server_listen: unknown key; write two underscores between levels; did you mean server.listen?`},
	{"variable for a group", "", "", []string{"CARTAGE_SERVER=:80"}, `environment: CARTAGE_SERVER: server: a group of keys cannot be given as one value; write CARTAGE_SERVER__KEY`},
	{"variable for a named group", "", "", []string{"CARTAGE_BACKENDS__M2=mock"}, `environment: CARTAGE_BACKENDS__M2: backends.m2: a group of keys cannot be given as one value; write CARTAGE_BACKENDS__M2__KEY`},
	{"variable below a value", "", "", []string{"CARTAGE_SERVER__LISTEN__PORT=80"}, `environment: CARTAGE_SERVER__LISTEN__PORT: server.listen.port: unknown key; server.listen has no keys below it`},
	{"variable with an empty level", "", "", []string{"CARTAGE_SERVER____LISTEN=:80"}, `environment: CARTAGE_SERVER____LISTEN: server.…: unknown key; valid here: listen, public_url, read_header_timeout, read_timeout, write_timeout, idle_timeout, max_header_bytes, ready_delay, drain_timeout, trusted_proxies`},
	{"variable with a wrong value", "", "", []string{"CARTAGE_SERVER__READ_TIMEOUT=soon"}, `environment: CARTAGE_SERVER__READ_TIMEOUT: server.read_timeout: "soon" is not a duration; write 800ms or 2s`},
	{"variable out of bounds", "", "", []string{"CARTAGE_SERVER__READ_TIMEOUT=0s"}, `environment: CARTAGE_SERVER__READ_TIMEOUT: server.read_timeout: 0s is out of bounds; write 100ms to 5m`},
	{"variable with a bad item", "", "", []string{"CARTAGE_SHOPS__UK__CURRENCIES=GBP,XXX"}, `environment: CARTAGE_SHOPS__UK__CURRENCIES: shops.uk.currencies[1]: "XXX" is not a currency; write an ISO 4217 code such as GBP`},
	{"variable with a secret written out", "", "", []string{"CARTAGE_SHOPS__UK__POQ__SECRETS=canary-inline"}, `environment: CARTAGE_SHOPS__UK__POQ__SECRETS: shops.uk.poq.secrets[0]: a secret is written out; write env:NAME or file:/path, or name uk in allow.demo_secrets`},
	{"variable of another type than the file's", "", "", []string{"CARTAGE_BACKENDS__M2__SETTINGS__DEPTH=deep"}, `environment: CARTAGE_BACKENDS__M2__SETTINGS__DEPTH: backends.m2.settings.depth: a value that is not a whole number; give a value of the type that the file gives`},
	{"variable that is neither true nor false", "", "", []string{"CARTAGE_BACKENDS__M2__SETTINGS__STRICT=maybe"}, `environment: CARTAGE_BACKENDS__M2__SETTINGS__STRICT: backends.m2.settings.strict: a value that is neither true nor false; give a value of the type that the file gives`},
	{"variable that is no number", "", "", []string{"CARTAGE_BACKENDS__M2__SETTINGS__RATIO=.nan"}, `environment: CARTAGE_BACKENDS__M2__SETTINGS__RATIO: backends.m2.settings.ratio: a value that is not a number; give a value of the type that the file gives`},
	{"variable for a group of settings", "    settings:\n", "    settings:\n      more: {a: 1}\n", []string{"CARTAGE_BACKENDS__M2__SETTINGS__MORE=1"}, `environment: CARTAGE_BACKENDS__M2__SETTINGS__MORE: backends.m2.settings.more: a group of keys cannot be given as one value; give a value of the type that the file gives`},
	{"variables above and below", "", "", []string{"CARTAGE_BACKENDS__M2__SETTINGS__A=1", "CARTAGE_BACKENDS__M2__SETTINGS__A__B=1"}, `environment: CARTAGE_BACKENDS__M2__SETTINGS__A__B: backends.m2.settings.a.b: another variable gives this key, or one above or below it; take one of them away`},
	{"variable that makes a backend", "", "", []string{"CARTAGE_BACKENDS__NEW__START_TIMEOUT=1h"}, `environment: CARTAGE_BACKENDS__NEW__START_TIMEOUT: backends.new.plugin: missing; name the plugin's program
environment: CARTAGE_BACKENDS__NEW__START_TIMEOUT: backends.new.sha256: missing; write what cartage check prints, or name new in allow.unpinned_plugins
environment: CARTAGE_BACKENDS__NEW__START_TIMEOUT: backends.new.start_timeout: 1h is out of bounds; write 100ms to 30s`},
	{"variable of a bad name", "", "", []string{"CARTAGE_ALLOW__UNPINNED_PLUGINS=x-y", "CARTAGE_BACKENDS__X-Y__PLUGIN=mock"}, `environment: CARTAGE_BACKENDS__X-Y__PLUGIN: backends.x-y: not a name; write up to 40 lower-case letters and digits, with single underscores between them`},
	{"secret's name", "token: env", "Token: env", nil, `15:7: backends.m2.secrets.Token: not a name; write up to 40 lower-case letters and digits, with single underscores between them`},
	{"first of its bounds only", "    plugin: magento2\n", "    plugin: magento2\n    guard: {timeout: 9s}\n", nil, `6:22: backends.m2.guard.timeout: 9s is out of bounds; write 50ms to 5s`},
	{"file that is too long", whole, strings.Repeat("# fill\n", 150_000) + good, nil, ` is longer than 1 MiB; give a config file`},
	{"all at once", "server:\n", "server:\n  lisen: :80\n  read_timeout: soon\nlog: {level: loud}\nserver_: {}\nstuff:\n", nil, `1:1: server.public_url: one-time links would begin with http://; write the https:// URL that shoppers reach this host at, or name a shop in allow.insecure_shops
2:3: server.lisen: unknown key; did you mean server.listen?
3:17: server.read_timeout: "soon" is not a duration; write 800ms or 2s
4:14: log.level: "loud" is unknown; write debug or info or warn or error
5:1: server_: unknown key; did you mean server?
6:1: stuff: unknown key; valid here: server, admin, log, store, handoff, plugins, loyalty, shopify, allow, backends, shops`},
	{"one mistake for a broken group", "    poq:\n      secrets: [env:POQ_SECRET]\n", "    poq: yes please\n", nil, `21:10: shops.uk.poq: text is not a group of keys; write its keys below it, indented`},
	{"setting that is an address, overridden", "https://shop.example.com", "http://a", []string{"CARTAGE_BACKENDS__M2__SETTINGS__BASE_URL=http://canary"}, `environment: CARTAGE_BACKENDS__M2__SETTINGS__BASE_URL: backends.m2.settings.base_url: an http:// address; write https://, or name m2 in allow.insecure_backends`},
	{"inline in production with a reference beside", "[env:POQ_SECRET]", "[env:POQ_SECRET, canary-inline]", nil, `22:33: shops.uk.poq.secrets[1]: a secret is written out; write env:NAME or file:/path, or name uk in allow.demo_secrets`},
}

func TestBadConfigs(t *testing.T) {
	t.Parallel()
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := tt.new
			if tt.old != whole {
				if !strings.Contains(good, tt.old) {
					t.Fatalf("the good config has no %q", tt.old)
				}
				text = strings.Replace(good, tt.old, tt.new, 1)
			}
			cfg, err := load(text, config.Serve, tt.environ...)
			var mistakes config.Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("got %v, want Mistakes", err)
			}
			if got := strings.ReplaceAll(err.Error(), "cartage.yaml:", ""); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("a mistake repeats a secret: %v", err)
			}
			if cfg.Shops != nil || cfg.Server.Listen != "" {
				t.Error("a config came with the mistakes")
			}
		})
	}
}
