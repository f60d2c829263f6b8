// SPDX-License-Identifier: Apache-2.0

// Package reliability proves, through the public wire of a real host, that points are
// neither lost nor doubled, whatever happens to the host. Each proof has a short
// form, and its full one by flags; `make reliability` runs those.
package reliability

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/apptest"
)

var (
	kills   = flag.Int("kills", 8, "how often TestCrashLoop kills the host")
	clients = flag.Int("clients", 32, "tills at once in TestCrashLoop")
	shown   = flag.String("histories", "", "folder for pictures of histories that cannot have happened")
	between = flag.Duration("between", 150*time.Millisecond, "about how long a host of TestCrashLoop lives")
	orders  = flag.Int("orders", 600, "how many orders TestWebhookStorm tells of; 100000 is its full size")
)

func TestMain(m *testing.M) { os.Exit(apptest.Main(m)) }
