// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/config"
)

// How every command ends, beside 0 and config.ExitConfig, which is for a config or
// settings file that is wrong.
const (
	exitFailed = 1 // what was asked for did not come about
	exitUsage  = 2 // the command line is wrong, and nothing was tried
	// exitInterrupted is what a shell says of a program that SIGINT ended: 128 and the signal.
	exitInterrupted = 130
)

// usageError blames the command line.
type usageError struct{ error }

// Unwrap implements what errors.As asks for.
func (e usageError) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// usageOf is err, or nil, as the command line's fault.
func usageOf(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// execute runs the command that args name. What fails before a command's own work
// begins is the command line's: unknown words and flags, too few or too many arguments.
func execute(root *cobra.Command) (*cobra.Command, error) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	began := false
	prepare(root, &began)
	c, err := root.ExecuteC()
	if err != nil && !began {
		err = usageOf(err)
	}
	return c, err
}

// prepare lets each command below c say that its work has begun, and each group of
// commands refuse a word that is none of them. Cobra would print its help and be content.
func prepare(c *cobra.Command, began *bool) {
	for _, below := range c.Commands() {
		prepare(below, began)
	}
	switch work := c.RunE; {
	case work != nil:
		c.RunE = func(c *cobra.Command, args []string) error {
			*began = true
			return work(c, args)
		}
	case c.Name() == "help":
		c.Args = func(c *cobra.Command, args []string) error {
			at, left, err := c.Root().Find(args)
			if err == nil && len(left) > 0 {
				err = unknown(at, left[0])
			}
			return err
		}
	case c.HasParent() && c.HasSubCommands() && c.Run == nil:
		c.Args, c.RunE = cobra.ArbitraryArgs, func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknown(c, args[0])
			}
			return c.Help()
		}
	}
}

// unknown is as cobra says it of the first word.
func unknown(group *cobra.Command, word string) error {
	said := fmt.Sprintf("unknown command %q for %q", word, group.CommandPath())
	group.SuggestionsMinimumDistance = max(group.SuggestionsMinimumDistance, 2)
	if near := group.SuggestionsFor(word); len(near) > 0 {
		said += "\n\nDid you mean this?\n\t" + strings.Join(near, "\n\t")
	}
	return errors.New(said)
}

// exitCode is how the program ends with err.
func exitCode(err error) int {
	var mistakes config.Mistakes
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &mistakes):
		return config.ExitConfig
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	return exitFailed
}

// textOrJSON is the value of --output.
type textOrJSON struct{ into *string }

// String implements pflag.Value.
func (o textOrJSON) String() string {
	if o.into == nil {
		return ""
	}
	return *o.into
}

// Set implements pflag.Value.
func (o textOrJSON) Set(text string) error {
	if text != "text" && text != "json" {
		return fmt.Errorf("%q is neither text nor json", text)
	}
	*o.into = text
	return nil
}

// Type implements pflag.Value.
func (textOrJSON) Type() string { return "string" }
