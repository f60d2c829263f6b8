// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

const tillCommands = `  n  new [CUSTOMER]     begin an order for a customer by Shopify's number, or for nobody: new none
  c  customer CUSTOMER  put another customer on the cart, or nobody: customer none
  1  tap N              tap the N-th offer: perform_action, and the discount is on the cart
  d  double N           tap it twice at once
  r  revert [N]         take the N-th discount off the cart, or the last: revert_action
  s  sale               complete the order: orders/create
  x  cancel             cancel the order that was sold last: orders/cancelled
  f  refund [AMOUNT]    refund some of it, by default half of what is left: refunds/create
  a  abandon            drop the order: revert_action for each discount
  y  retry              send the last request once more, byte for byte
  t  show               show the last request and its answer in full
  e  expect WHAT N      for scripts: hold "balance" or "status" of the last answer to N
  ?  help               this list
  q  quit               leave`

// tillWords are the words of the letters.
var tillWords = map[string]string{
	"n": "new", "c": "customer", "d": "double", "r": "revert", "remove": "revert", "s": "sale", "x": "cancel", "f": "refund",
	"a": "abandon", "y": "retry", "t": "show", "e": "expect", "?": "help", "q": "quit", "exit": "quit",
}

// step does one command.
func (s *session) step(ctx context.Context, command string) error {
	f := strings.Fields(command)
	if len(f) == 0 {
		s.till.printCard()
		return nil
	}
	if _, err := strconv.Atoi(f[0]); err == nil {
		f = append([]string{"tap"}, f...)
	}
	if word, short := tillWords[f[0]]; short {
		f[0] = word
	}
	word, args := f[0], f[1:]
	if most, known := tillArgs[word]; known && len(args) > most {
		return fmt.Errorf("%s takes no %q: ? helps", word, plain(args[most]))
	}
	s.till.step = command
	return s.till.obey(ctx, word, append(args, "", ""))
}

// tillArgs is how many arguments a command takes at most.
var tillArgs = map[string]int{
	"new": 1, "customer": 1, "tap": 1, "double": 1, "revert": 1, "sale": 0, "cancel": 0, "refund": 1, "abandon": 0,
	"retry": 0, "show": 0, "expect": 2, "help": 0, "quit": 0,
}

func (t *till) obey(ctx context.Context, word string, args []string) error {
	switch word {
	case "new", "customer":
		customer, err := t.named(word, args[0])
		switch {
		case err != nil:
			return err
		case word == "customer":
			return t.change(ctx, customer)
		}
		return t.begin(ctx, customer)
	case "tap", "double", "revert":
		n, err := strconv.Atoi(args[0])
		if args[0] == "" && word == "revert" {
			n, err = 0, nil
		}
		switch {
		case err != nil || n < 1 && args[0] != "":
			return fmt.Errorf("%s needs the number of an offer or a discount, not %q", word, plain(args[0]))
		case word == "tap":
			return t.tap(ctx, n)
		case word == "double":
			return t.tapTwice(ctx, n)
		}
		return t.revert(ctx, n)
	case "sale":
		return t.sell(ctx)
	case "cancel":
		return t.cancel(ctx)
	case "refund":
		return t.refund(ctx, args[0])
	case "abandon":
		return t.abandon(ctx)
	case "retry":
		return t.retry(ctx)
	case "show":
		return t.printLast()
	case "expect":
		return t.expect(args[0], args[1])
	case "help":
		t.say("\n%s", tillCommands)
		return nil
	case "quit":
		return errQuit
	}
	return fmt.Errorf("there is no command %q: ? helps", plain(word))
}

// named reads a customer; new alone is for the one of the command line.
func (t *till) named(word, text string) (int64, error) {
	switch {
	case text == "" && word == "new":
		return t.customer, nil
	case text == "none":
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s needs a customer's number at Shopify or none, not %q", word, plain(text))
	}
	return n, nil
}
