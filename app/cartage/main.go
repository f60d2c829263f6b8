// SPDX-License-Identifier: Apache-2.0

// Command cartage is the host: it carries carts from sales channels to commerce
// backends that run as plugin processes. `cartage --help` lists what it can do.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
)

// version is set by the linker: see the Makefile.
var version = "dev"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if err := pluginhost.Conceal(); err != nil { // before there is a secret to conceal
		_, _ = fmt.Fprintln(os.Stderr, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetContext(ctx)
	c, err := execute(root)
	code := exitCode(err)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
	}
	if code == exitUsage {
		_, _ = fmt.Fprintf(os.Stderr, "Run %s --help to see what there is.\n", c.CommandPath())
	}
	return code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cartage",
		Short: "Carry carts from sales channels to the commerce system you run",
		Long: `Cartage carries carts from the channel where a shopper is to the commerce system
that the retailer runs, and lets the retailer change that system by editing config.

Start with: cartage dev

Exit status: 0 when all is well, 1 when what was asked for did not come about, 2 when
the command line is wrong, 78 when a config or settings file is.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newDev(), newServe(), newCheck(), newPlugin(), newReload(), newShadow(), newLedger(), newPOS(), newVersion())
	return root
}
