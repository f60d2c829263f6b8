// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost/settings"
	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/plugins/protocol/protocoltest"
	"github.com/cartage-dev/cartage/ports/backend"
)

func newPluginInspect() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "inspect BINARY",
		Short: "Print what a plugin says of itself",
		Long: `Start the program, ask what it is, and end it: its name and version, the ports it
offers, the SHA-256 to pin it by, and every setting and secret it takes. It is told nothing.`,
		Example: "  cartage plugin inspect ./bin/plugins/mock\n  cartage plugin inspect ./bin/acme --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := program(args[0])
			if err != nil {
				return err
			}
			about, err := app.InspectPlugin(c.Context(), path)
			if err != nil {
				return explained(c.Context(), args[0], err)
			}
			if err := show(c.OutOrStdout(), output, about, func(w io.Writer) error { return printPlugin(w, about) }); err != nil {
				return err
			}
			return about.Err()
		},
	}
	addOutput(c, &output)
	return c
}

// whereToRead is for whoever inspects what is no plugin, or not yet.
const whereToRead = "A plugin prints one line, such as 1|1|unix|/path/of/the/socket|grpc|CERTIFICATE, to stdout, and nothing before it.\n" +
	"plugins/protocol/README.md in Cartage's source describes the protocol, and plugins/README.md how to write a plugin"

// explained adds what the library that shakes hands does not tell: what came in the place of the
// handshake, and how the program ended. For that it is started once more, by hand.
func explained(ctx context.Context, binary string, err error) error {
	path, wrong := filepath.Abs(binary)
	switch { // app has words alone for it
	case wrong != nil:
		return err
	case strings.Contains(err.Error(), ": no handshake within "):
		return fmt.Errorf("%w\n%s", err, whereToRead)
	case !strings.Contains(err.Error(), ": handshake: "):
		return err
	}
	_, why := protocoltest.Describe(ctx, protocoltest.Program{Path: path, Environ: os.Environ()})
	no, is := errors.AsType[*protocoltest.NoHandshake](why)
	if !is {
		return err
	}
	return fmt.Errorf("%s was started as a plugin, and did not shake hands: %s\n%s", path, shownText(no.Error()), whereToRead)
}

func printPlugin(w io.Writer, about app.PluginFinding) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(key string, value any) { _, _ = fmt.Fprintf(t, "%s\t%v\n", key, value) }
	line("name", about.Name)
	line("version", about.Version)
	line("protocol", about.Protocol)
	line("ports", strings.Join(about.Ports, ", "))
	line("keyed writes", yesNo(about.KeyedWrites, "a write may be repeated under the same key", "a write that got no answer is not repeated"))
	if slices.Contains(about.Ports, string(backend.PortLoyalty)) {
		line("read back", yesNo(about.ReadBack, "points that got no answer can be looked up", "no host keeps points here"))
	}
	line("demo", yesNo(about.Demo, "it sells nothing real", "it sells for real"))
	line("sha256", about.SHA256)
	if err := t.Flush(); err != nil {
		return err
	}
	if !about.Schema {
		_, err := fmt.Fprintln(w, "\nIt gives no schema of its settings, so that only the plugin itself can tell what is wrong with them.")
		return err
	}
	for _, part := range []struct {
		title   string
		secrets bool
	}{{"SETTING", false}, {"SECRET", true}} {
		if err := printKeys(t, part.title, about.Settings, part.secrets); err != nil {
			return err
		}
	}
	return nil
}

// printKeys prints the settings, or the secrets, which config writes in another place.
func printKeys(t *tabwriter.Writer, title string, keys []settings.Key, secrets bool) error {
	begun := false
	for _, k := range keys {
		if k.Secret != secrets {
			continue
		}
		if !begun {
			_, _ = fmt.Fprintf(t, "\n%s\tTYPE\tREQUIRED\tDEFAULT\tDESCRIPTION\n", title)
			begun = true
		}
		required, said := "", k.Description
		if k.Required {
			required = "yes"
		}
		if len(k.Allowed) > 0 {
			said = strings.TrimSpace(said + " One of " + shownJSON(k.Allowed...) + ".")
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", k.Path, orDash(k.Type), orDash(required), orDash(shownJSON(k.Default)), said)
	}
	return t.Flush()
}

// shownMax is how many characters of a value are shown.
const shownMax = 120

// shownJSON are values of a stranger's, so that no terminal takes them for a command.
func shownJSON(values ...json.RawMessage) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	text := []rune(shownText(strings.Join(texts, ", ")))
	if len(text) > shownMax {
		return string(text[:shownMax]) + "…"
	}
	return string(text)
}

func shownText(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

func yesNo(is bool, yes, no string) string {
	if is {
		return "yes: " + yes
	}
	return "no: " + no
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
