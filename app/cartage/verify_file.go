// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// The bounds of what is read, in bytes.
const (
	verifyFileMax = 1 << 20
	secretFileMax = 64 << 10
)

// verifyFile is what the file of `plugin verify` holds.
type verifyFile struct {
	Settings map[string]any    `yaml:"settings"`
	Secrets  map[string]string `yaml:"secrets"`
	Sample   sampleKeys        `yaml:"sample"`

	path string
	text []byte
}

// sampleKeys are the keys of backendtest.Sample.
type sampleKeys struct {
	Shop            string            `yaml:"shop"`
	OtherShop       string            `yaml:"other_shop"`
	Locale          string            `yaml:"locale"`
	Currency        string            `yaml:"currency"`
	SKUs            []string          `yaml:"skus"`
	Prices          map[string]string `yaml:"prices"`
	UnknownSKU      string            `yaml:"unknown_sku"`
	SoldOutSKU      string            `yaml:"sold_out_sku"`
	NotForSaleSKU   string            `yaml:"not_for_sale_sku"`
	Limited         limitedKeys       `yaml:"limited"`
	RefusedCurrency string            `yaml:"refused_currency"`
	PageOrigins     []string          `yaml:"page_origins"`
	OrderReference  string            `yaml:"order_reference"`
	Codes           []string          `yaml:"codes"`
	Address         addressKeys       `yaml:"address"`
	Email           string            `yaml:"email"`
	RefusedCountry  string            `yaml:"refused_country"`
	Customers       []string          `yaml:"customers"`
	UnknownCustomer string            `yaml:"unknown_customer"`
}

type limitedKeys struct {
	SKU   string `yaml:"sku"`
	Stock int64  `yaml:"stock"`
}

// addressKeys are the keys of customer.Address.
type addressKeys struct {
	FirstName  string `yaml:"first_name"`
	LastName   string `yaml:"last_name"`
	Company    string `yaml:"company"`
	Line1      string `yaml:"line1"`
	Line2      string `yaml:"line2"`
	City       string `yaml:"city"`
	Province   string `yaml:"province"`
	PostalCode string `yaml:"postal_code"`
	Country    string `yaml:"country"`
	Phone      string `yaml:"phone"`
}

func readVerifyFile(path string) (f verifyFile, err error) {
	text, err := readSmall(path, verifyFileMax)
	if err != nil {
		return f, err
	}
	f.path, f.text = path, text
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err = d.Decode(&f)
	if errors.Is(err, io.EOF) {
		return f, config.Refusal(path + " is empty")
	}
	if wrong, ok := errors.AsType[*yaml.TypeError](err); ok {
		var all config.Mistakes
		for _, text := range wrong.Errors {
			all = append(all, placed(path, text))
		}
		return f, all
	}
	if err != nil {
		return f, config.Mistakes{placed(path, strings.TrimPrefix(err.Error(), "yaml: "))}
	}
	return f, nil
}

// What the YAML library says of a line, and of a key that there is not.
var (
	yamlLine  = regexp.MustCompile(`^line (\d+): (.*)$`)
	yamlField = regexp.MustCompile(`^field (\S+) not found in type .*$`)
	yamlValue = regexp.MustCompile("^cannot unmarshal !!(\\S+) (`[^`]*` )?into (.*)$")
)

// placed is a mistake in the words that config uses, and without the value: it may be a secret.
func placed(path, text string) config.Mistake {
	m := config.Mistake{Place: path, Found: text}
	if at := yamlLine.FindStringSubmatch(text); at != nil {
		m.Place, m.Found = path+":"+at[1], at[2]
	}
	if key := yamlField.FindStringSubmatch(m.Found); key != nil {
		m.Key, m.Found = key[1], "unknown key"
	}
	if kind := yamlValue.FindStringSubmatch(m.Found); kind != nil {
		m.Found = fmt.Sprintf("a value of type %s where %s is wanted", kind[1], strings.TrimPrefix(kind[3], "main."))
	}
	return m
}

func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path) // a look before opening: to open a pipe would wait for whoever writes to it
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, config.Refusal("there is no file " + path)
	case err != nil:
		return nil, config.Refusal(path + " cannot be read")
	case !info.Mode().IsRegular() || info.Size() > limit:
		return nil, config.Refusal(fmt.Sprintf("%s is not a file of at most %d bytes", path, limit))
	}
	text, err := os.ReadFile(path) //nolint:gosec // G304: the file that the caller names
	if err != nil {
		return nil, config.Refusal(path + " cannot be read")
	}
	return text, nil
}

func (f verifyFile) settings() ([]byte, error) {
	if f.Settings == nil {
		return []byte("{}"), nil
	}
	text, err := json.Marshal(f.Settings)
	if err != nil {
		return nil, config.Mistakes{{Key: "settings", Found: "a value that JSON has no word for"}}
	}
	return text, nil
}

// resolve reads secrets by reference. No mistake repeats what stands in the place of one.
func resolve(references map[string]string, look func(name string) (string, bool)) (map[string]secret.Text, error) {
	secrets := make(map[string]secret.Text, len(references))
	var wrong config.Mistakes
	for _, name := range slices.Sorted(maps.Keys(references)) {
		held, found := "", ""
		if variable, is := strings.CutPrefix(references[name], "env:"); is {
			if held, _ = look(variable); held == "" {
				found = "variable " + variable + " is not set, or empty"
			}
		} else if file, is := strings.CutPrefix(references[name], "file:"); is {
			held, found = secretOf(file)
		} else {
			found = "a secret is written out; write env:NAME or file:/path"
		}
		if found != "" {
			wrong = append(wrong, config.Mistake{Key: "secrets." + name, Found: found})
		}
		secrets[name] = secret.New(held)
	}
	if wrong != nil {
		return nil, wrong
	}
	return secrets, nil
}

func secretOf(file string) (held, found string) {
	if !filepath.IsAbs(file) {
		return "", "file: is followed by no absolute path"
	}
	text, err := readSmall(file, secretFileMax)
	if err != nil {
		return "", err.Error()
	}
	held = strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if held == "" {
		return "", "file " + file + " is empty"
	}
	return held, ""
}

// sample is the keys as the kit takes them; the kit itself says what else is wrong.
func (k sampleKeys) sample() (backendtest.Sample, error) {
	s := backendtest.Sample{
		Shop: shop.ID(k.Shop), OtherShop: shop.ID(k.OtherShop), Locale: k.Locale, Currency: money.Currency(k.Currency), SKUs: k.SKUs, Prices: map[string]money.Amount{},
		UnknownSKU: k.UnknownSKU, SoldOutSKU: k.SoldOutSKU, NotForSaleSKU: k.NotForSaleSKU,
		Limited:         backendtest.Limited{SKU: k.Limited.SKU, Stock: k.Limited.Stock},
		RefusedCurrency: money.Currency(k.RefusedCurrency), PageOrigins: k.PageOrigins, OrderReference: k.OrderReference,
		Codes: k.Codes, Address: customer.Address(k.Address), Email: k.Email, RefusedCountry: k.RefusedCountry,
		UnknownCustomer: loyalty.CustomerID(k.UnknownCustomer),
	}
	for _, c := range k.Customers {
		s.Customers = append(s.Customers, loyalty.CustomerID(c))
	}
	for sku, text := range k.Prices {
		price, err := money.Parse(text, s.Currency)
		if err != nil {
			return s, fault.New(fault.Invalid, "invalid_sample", "a price is wrong").
				With(fault.Field{Path: "sample.prices." + sku, Detail: fmt.Sprintf("must be a decimal in %s, such as \"14.00\"", s.Currency)})
		}
		s.Prices[sku] = price
	}
	return s, nil
}
