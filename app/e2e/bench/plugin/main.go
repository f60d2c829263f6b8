// SPDX-License-Identifier: Apache-2.0

// Command plugin is httpcart as a plugin process, for the benchmark only.
package main

import (
	"github.com/cartage-dev/cartage/app/e2e/bench/httpcart"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

func main() { sdk.Serve(httpcart.Plugin()) }
