// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/app"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol/protocoltest"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

const verifyHelp = `Start the program as the host does, through the real socket, and hold it to the plugin
protocol and to what each port that it offers promises. It may be written in any
language. Each rule is printed as it is judged; one that is not kept shows what was
sent, what came and what was expected.

The program is started several times. Carts are made and points moved with the settings
and secrets given, so take those of a test shop. No order is placed.

The settings file is YAML or JSON:

  settings:                       # what backends.NAME.settings would hold
    base_url: https://test.acme.example
  secrets:                        # references, as in the host's config
    api_token: env:ACME_TOKEN
  sample:                         # what of the shop may be used
    currency: GBP
    skus: [mug-1, bowl-2]         # at least two, of which eight units can be had
    prices: {mug-1: "14.00"}      # everything from here on is optional,
    unknown_sku: no-such-sku      # and what is left out skips the rules that need it
    sold_out_sku: throw-3
    not_for_sale_sku: jug-4
    limited: {sku: chair-5, stock: 3}
    refused_currency: EUR
    page_origins: ["https://test.acme.example"]
    order_reference: R-1001       # of an order that exists
    codes: [TEN, FIVE]            # coupon codes, good on any cart of skus
    address: {first_name: Ada, last_name: Example, line1: 1 Test Street, city: London,
      postal_code: SW1A 1AA, country: GB}  # company, line2, province and phone, too
    email: ada@example.com        # no report shows either
    refused_country: AQ           # to which nothing is sent
    customers: ["1001", "1002"]   # whose points are moved to and fro, and by nobody else meanwhile
    unknown_customer: "9999"      # who is none
    shop: demo                    # which shop the calls are for
    other_shop: second            # one more that the backend serves, and keeps apart
    locale: en-GB

Exit status: 0 when every rule that could be judged is kept, 1 when one is not; when
nothing could be judged, 2 because the command line is wrong and 78 because the
settings file is: also where the program's own schema refuses the settings.`

func newPluginVerify() *cobra.Command {
	v := verification{}
	c := &cobra.Command{
		Use:   "verify BINARY --settings FILE",
		Short: "Hold a built plugin to the protocol and to what its ports promise",
		Long:  verifyHelp,
		Example: `  cartage plugin verify ./bin/acme --settings verify.yaml
  cartage plugin verify ./bin/acme --settings verify.yaml --secret api_token=file:/run/secrets/acme
  cartage plugin verify ./bin/acme --settings verify.yaml --rule 'carts.put.*' --verbose
  cartage plugin verify ./bin/acme --settings verify.yaml --output json
  cartage plugin verify --list`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if v.list {
				return show(c.OutOrStdout(), v.output, listed(), printRules)
			}
			if len(args) == 0 || v.file == "" {
				return usage("name the program and --settings FILE; cartage plugin verify --help shows what the file holds")
			}
			return v.run(c, args[0])
		},
	}
	c.Flags().StringVarP(&v.file, "settings", "s", "", "file with settings, secrets and sample (required)")
	c.Flags().StringToStringVar(&v.secrets, "secret", nil, "a secret by reference: NAME=env:VARIABLE or NAME=file:/PATH; may be repeated")
	c.Flags().StringSliceVar(&v.rules, "rule", nil, "judge only these rules: an id, a part such as carts, or a glob; may be repeated")
	c.Flags().StringSliceVar(&v.env, "env", nil, "variable of the environment that the plugin may see; may be repeated")
	c.Flags().BoolVar(&v.list, "list", false, "list the rules instead")
	c.Flags().BoolVarP(&v.verbose, "verbose", "v", false, "show what was sent and what came for every rule")
	addOutput(c, &v.output)
	return c
}

// verification is what the command line asks for.
type verification struct {
	file, output  string
	secrets       map[string]string
	rules, env    []string
	list, verbose bool
}

func (v verification) run(c *cobra.Command, binary string) error {
	path, err := program(binary)
	if err != nil {
		return err
	}
	file, err := readVerifyFile(v.file)
	if err != nil {
		return err
	}
	references := maps.Clone(file.Secrets)
	if references == nil {
		references = map[string]string{}
	}
	maps.Copy(references, v.secrets)
	p := protocoltest.Program{Path: path, Environ: os.Environ(), Env: v.env}
	if p.Settings, err = file.settings(); err != nil {
		return err
	}
	if p.Secrets, err = resolve(references, os.LookupEnv); err != nil {
		return err
	}
	sample, err := file.Sample.sample()
	if err != nil {
		return refused(err)
	}
	o := protocoltest.Options{Options: backendtest.Options{Only: v.rules}}
	if _, err := backendtest.NewBench(sample, o.Options); err != nil { // before anything is started
		return refused(err)
	}
	if _, err := backendtest.Select(app.VerifyRules(), v.rules...); err != nil {
		return refused(err)
	}
	if err := file.checkSettings(c.Context(), p); err != nil {
		return err
	}
	printer := backendtest.Printer{W: c.OutOrStdout(), Wide: widest(), Verbose: v.verbose}
	if v.output == "text" {
		o.Progress = printer.Result
	}
	report, err := app.VerifyPlugin(c.Context(), p, sample, o)
	unfinished := err != nil && fault.KindOf(err) == fault.Unavailable
	if err != nil && !unfinished {
		return refused(err)
	}
	if err := show(c.OutOrStdout(), v.output, verdict{report.OK() && !unfinished, report}, func(io.Writer) error { return printer.Summary(report) }); err != nil {
		return err
	}
	if unfinished {
		return fmt.Errorf("%s", fault.From(err).Message)
	}
	if !report.OK() {
		return fmt.Errorf("%d of %d rules are not kept", report.Count(backendtest.Failed), len(report.Results))
	}
	return nil
}

// verdict is the report as JSON has it.
type verdict struct {
	OK bool `json:"ok"`
	backendtest.Report
}

// program is the absolute path of an executable file.
func program(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", usageOf(err)
	}
	switch info, err := os.Stat(path); {
	case err != nil:
		return "", usage("there is no program %s", path)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return "", usage("%s is not an executable file", path)
	}
	return path, nil
}

// refused turns what the kit says of its arguments into mistakes of the file's.
func refused(err error) error {
	f := fault.From(err)
	if f.Code == "unknown_rule" { // which the file does not name
		return usageOf(errors.New(f.Message))
	}
	var all config.Mistakes
	for _, field := range f.Fields {
		all = append(all, config.Mistake{Key: field.Path, Found: field.Detail})
	}
	if all == nil {
		return config.Refusal(f.Message)
	}
	return all
}

// listedRule is a rule as --list shows it.
type listedRule struct {
	Rule    string `json:"rule"`
	Promise string `json:"promise"`
}

func listed() []listedRule {
	var all []listedRule
	for _, r := range app.VerifyRules() {
		all = append(all, listedRule{r.ID, r.Promise})
	}
	return all
}

func printRules(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range listed() {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", r.Rule, r.Promise)
	}
	return t.Flush()
}

func widest() (n int) {
	for _, r := range app.VerifyRules() {
		n = max(n, len(r.ID))
	}
	return n
}
