// SPDX-License-Identifier: Apache-2.0

// Command cartage is the host: it carries carts from sales channels to commerce
// backends that run as plugin processes. `cartage --help` lists what it can do.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/config"
)

// version is set by the linker: see the Makefile.
var version = "dev"

// exitInterrupted is what a shell says of a program that SIGINT ended: 128 and the signal.
const exitInterrupted = 130

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if err := pluginhost.Conceal(); err != nil { // before there is a secret to conceal
		_, _ = fmt.Fprintln(os.Stderr, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(os.Stderr, err)
	var mistakes config.Mistakes
	switch {
	case errors.As(err, &mistakes):
		return config.ExitConfig
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cartage",
		Short: "Carry carts from sales channels to the commerce system you run",
		Long: `Cartage carries carts from the channel where a shopper is to the commerce system
that the retailer runs, and lets the retailer change that system by editing config.

Start with: cartage dev`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newDev(), newServe(), newCheck(), newPlugin(), newReload(), newShadow(), newLedger(), newPOS(), newVersion())
	return root
}
