// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/app"
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
			about, err := app.InspectPlugin(c.Context(), args[0])
			if err != nil {
				return err
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

func printPlugin(w io.Writer, about app.PluginFinding) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(key string, value any) { _, _ = fmt.Fprintf(t, "%s\t%v\n", key, value) }
	line("name", about.Name)
	line("version", about.Version)
	line("protocol", about.Protocol)
	line("ports", strings.Join(about.Ports, ", "))
	line("keyed writes", yesNo(about.KeyedWrites, "a write may be repeated under the same key", "a write that got no answer is not repeated"))
	line("demo", yesNo(about.Demo, "it sells nothing real", "it sells for real"))
	line("sha256", about.SHA256)
	if err := t.Flush(); err != nil {
		return err
	}
	if !about.Schema {
		_, err := fmt.Fprintln(w, "\nIt gives no schema of its settings, so that only the plugin itself can tell what is wrong with them.")
		return err
	}
	if len(about.Settings) == 0 {
		return nil
	}
	_, _ = fmt.Fprintln(t, "\nKEY\tTYPE\tREQUIRED\tDEFAULT\tDESCRIPTION")
	for _, k := range about.Settings {
		kind, required, said := k.Type, "", k.Description
		if k.Required {
			required = "yes"
		}
		if len(k.Allowed) > 0 {
			said = strings.TrimSpace(said + " One of " + shownJSON(k.Allowed...) + ".")
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", k.Path, orDash(kind), orDash(required), orDash(shownJSON(k.Default)), said)
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
	text := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.Join(texts, ", ")))
	if len(text) > shownMax {
		return string(text[:shownMax]) + "…"
	}
	return string(text)
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
