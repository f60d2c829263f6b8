// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"syscall"
)

// tillScreen is the template of an answer ("POS cart app extension reference").
type tillScreen struct {
	Type    string      `json:"type"`
	Label   string      `json:"points_label"`
	Balance string      `json:"points_balance"`
	Actions []tillOffer `json:"actions"`
}

type tillOffer struct {
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	ActionID    string          `json:"action_id"`
	VariantID   json.RawMessage `json:"variant_id"`
	Value       string          `json:"value"`
}

// What the till says it can show, as the guide's requests do.
var (
	tillTemplates = []string{"simple_action_list"}
	tillActions   = []string{"flat_discount", "percent_discount", "add_variant"}
)

var (
	actionForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	balanceForm = regexp.MustCompile(`^-?\d{1,18}$`)
	valueForm   = regexp.MustCompile(`^\d{1,12}(\.\d{1,6})?$`)
)

// judge says why an exchange is not what was asked for, and what to look at; it reads the
// screen of one that is.
func (w *tillWire) judge(e *exchange) error {
	if e.failure != nil {
		return w.unanswered(e)
	}
	switch {
	case e.status == http.StatusUnauthorized:
		return fmt.Errorf("401: the host does not take the signature. It has another secret for app %s than this config, or has turned "+
			"this address away for a minute after too many wrong ones: is this the config that the host runs with?", w.app)
	case e.status == http.StatusNotFound && isNobodys(e.answer):
		return w.unserved(e)
	case e.call.hook:
		return hookProblem(e)
	case e.status == http.StatusNotFound && e.call.what == "promotions":
		return fmt.Errorf("404: the host knows no shop with this shopify_domain and shop_id that has app %s: compare its config with shops.%s.shopify in this one", w.app, w.shop)
	case e.status == http.StatusNotFound:
		return errors.New("404: the action cannot be found, as Shopify documents for one that is spent, out of date or another customer's; the till shows an error")
	case e.status == http.StatusInternalServerError:
		return fmt.Errorf("500: it could not be processed%s; the till shows an error, and a second tap asks again (retry)", codeOf(e.answer))
	case e.status != http.StatusOK:
		return fmt.Errorf("%d%s: Shopify documents 200, 404 and 500 alone; the till shows an error", e.status, codeOf(e.answer))
	}
	screen, err := readScreen(e.answer)
	if err != nil {
		return fmt.Errorf("200, but not the template that Shopify documents: %w", err)
	}
	e.screen = &screen
	return nil
}

// unanswered explains a connection that came to nothing.
func (w *tillWire) unanswered(e *exchange) error {
	limit := seconds(w.limit(e.call))
	switch {
	case errors.Is(e.failure, syscall.ECONNREFUSED):
		return fmt.Errorf("no host answers at %s: is it running? Start one in another terminal (cartage dev), or say where it is with --host", w.host)
	case errors.Is(e.failure, context.DeadlineExceeded) && e.call.hook:
		return fmt.Errorf("no answer within %s: Shopify would send it again later. Perhaps the host has heard of it: retry sends the same once more", limit)
	case errors.Is(e.failure, context.DeadlineExceeded) && e.call.what == "promotions":
		return fmt.Errorf("no answer within %s: Shopify gives up, and the till shows an error. retry asks once more, and sale sells without points", limit)
	case errors.Is(e.failure, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s: Shopify gives up, and the till shows an error. Perhaps it is done: retry sends the same once more, which must change nothing then", limit)
	case errors.Is(e.failure, context.Canceled):
		return errors.New("interrupted before an answer came")
	}
	return fmt.Errorf("no answer: %w", e.failure)
}

// isNobodys tells Go's own 404, of a path that nobody serves, from that of a channel.
func isNobodys(answer []byte) bool {
	return bytes.Equal(bytes.TrimSpace(answer), []byte("404 page not found"))
}

func (w *tillWire) unserved(e *exchange) error {
	if e.call.hook {
		return fmt.Errorf("404: the host serves no webhooks at %s. Either it has another shopify.apps.%s.hooks_path, or this version does not take "+
			"orders yet; then points of a sale stay held until their time is up", e.call.path, w.app)
	}
	return fmt.Errorf("404: the host serves no till at %s. Either it has another shopify.apps.%s.pos_path, or no shop has the app, or %s is another server",
		e.call.path, w.app, w.host)
}

// hookProblem is nil for a webhook that counts as delivered.
func hookProblem(e *exchange) error {
	switch {
	case e.status >= 200 && e.status < 300:
		return nil
	case e.status == http.StatusNotFound:
		return errors.New("404: the host knows no such shop with this app; Shopify would send it again for about 4 hours")
	}
	return fmt.Errorf("%d%s: only 2xx counts as delivered; Shopify would send it again for about 4 hours (retry does it now)", e.status, codeOf(e.answer))
}

// codeOf is the code in a refusal of ours, with a space before it.
func codeOf(answer []byte) string {
	var said struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(answer, &said) != nil || said.Code == "" {
		return ""
	}
	return " (" + plain(said.Code) + ")"
}

// readScreen holds an answer to the documented template, and to the ids that orders can carry.
func readScreen(answer []byte) (s tillScreen, err error) {
	if err := json.Unmarshal(answer, &s); err != nil {
		if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is {
			return s, fmt.Errorf("%s must not be a %s", plain(wrong.Field), wrong.Value)
		}
		return s, fmt.Errorf("not JSON (%w)", err)
	}
	switch {
	case !slices.Contains(tillTemplates, s.Type):
		return s, fmt.Errorf("type %q is not a template", s.Type)
	case s.Label == "":
		return s, errors.New("points_label is missing")
	case !balanceForm.MatchString(s.Balance):
		return s, fmt.Errorf("points_balance %q is not a number as text", s.Balance)
	case s.Actions == nil:
		return s, errors.New("actions is missing; with nothing to offer it is []")
	}
	for i, o := range s.Actions {
		switch {
		case !slices.Contains(tillActions, o.Type):
			return s, fmt.Errorf("actions[%d].type %q is none of supported_actions", i, o.Type)
		case o.Title == "":
			return s, fmt.Errorf("actions[%d].title is missing", i)
		case !actionForm.MatchString(o.ActionID):
			return s, fmt.Errorf("actions[%d].action_id %q would not come back on an order", i, o.ActionID)
		case o.Type != "add_variant" && !valueForm.MatchString(o.Value):
			return s, fmt.Errorf("actions[%d].value %q is not a number as text", i, o.Value)
		}
	}
	return s, nil
}
