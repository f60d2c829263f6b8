// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/app/scaffold"
	"github.com/cartage-dev/cartage/ports/backend"
)

func newPluginNew() *cobra.Command {
	var ports []string
	var yes bool
	p := scaffold.Project{Version: version}
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a plugin project that works from the start",
		Long: `Write a plugin project: a program with one file for each port, its settings, and a
stand-in for the commerce system, so that it builds, passes its conformance test and
serves a cart before you have written a line. Nothing is overwritten.

On a terminal it asks for what the flags leave open; --yes takes what it would suggest.
Without a terminal the name is required and the rest has defaults.`,
		Example: "  cartage plugin new acme\n  cartage plugin new acme --ports carts,checkout --module example.com/acme --replace ../cartage",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if len(args) == 1 {
				p.Name = args[0]
			}
			if c.Flags().Changed("ports") {
				if _, err := scaffold.ParsePorts(ports); err != nil {
					return fmt.Errorf("--ports: %w", err)
				}
			}
			asked := asker{out: c.ErrOrStderr(), given: c.Flags().Changed}
			if !yes && isTerminal(c.InOrStdin()) {
				asked.in = bufio.NewReader(c.InOrStdin())
			}
			if err := asked.complete(&p, &ports); err != nil {
				return err
			}
			if p.Ports, err = scaffold.ParsePorts(ports); err != nil {
				return err
			}
			if p.Replace == "" && !scaffold.Released(p.Version) {
				return unreleased(p.Version)
			}
			files, err := p.Write()
			if err != nil {
				return err
			}
			written(c.OutOrStdout(), p, files)
			return nil
		},
	}
	c.Flags().StringSliceVar(&ports, "ports", nil, "ports it offers: "+scaffold.Join(backend.Ports())+"; checkout only beside carts (default: all of them)")
	c.Flags().StringVar(&p.Module, "module", "", "path of its Go module (default: example.com/NAME)")
	c.Flags().StringVar(&p.Dir, "dir", "", "folder to write it to (default: ./NAME)")
	c.Flags().StringVar(&p.Replace, "replace", "", "checkout of Cartage's source to build against, instead of a release")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "ask nothing")
	return c
}

// isTerminal reports whether somebody may be there to answer. Of what is no file, only
// the null device is never a terminal.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// asker fills in what the command line left open. Without in it asks nothing.
type asker struct {
	in    *bufio.Reader
	out   io.Writer
	given func(flag string) bool
}

// triesMax is how often a question is asked before the answer counts.
const triesMax = 3

func (a asker) complete(p *scaffold.Project, ports *[]string) (err error) {
	if p.Name == "" && a.in == nil {
		return errors.New("name the plugin: cartage plugin new NAME")
	}
	if p.Name == "" {
		if p.Name, err = a.ask("Name of the plugin", "", scaffold.CheckName); err != nil {
			return err
		}
	}
	if err := scaffold.CheckName(p.Name); err != nil {
		return err
	}
	if !a.given("ports") {
		chosen, err := a.ask("Ports it offers", scaffold.Join(backend.Ports()), func(text string) error {
			_, err := scaffold.ParsePorts(strings.Split(text, ","))
			return err
		})
		if err != nil {
			return err
		}
		*ports = strings.Split(chosen, ",")
	}
	if !a.given("module") {
		if p.Module, err = a.ask("Path of its Go module", "example.com/"+p.Name, nil); err != nil {
			return err
		}
	}
	if !a.given("dir") {
		if p.Dir, err = a.ask("Folder to write it to", p.Name, nil); err != nil {
			return err
		}
	}
	if !a.given("replace") && !scaffold.Released(p.Version) && a.in != nil {
		found, _ := checkout()
		p.Replace, err = a.ask("Checkout of Cartage's source to build against, since this cartage is no release", found, func(dir string) error {
			if !scaffold.IsCheckout(dir) {
				return fmt.Errorf("%s is no checkout of Cartage's source", dir)
			}
			return nil
		})
	}
	return err
}

// ask asks until check is content, and takes the suggestion where there is no answer.
func (a asker) ask(question, suggestion string, check func(string) error) (string, error) {
	if a.in == nil {
		return suggestion, nil
	}
	for try := 1; ; try++ {
		hint := ""
		if suggestion != "" {
			hint = " [" + suggestion + "]"
		}
		_, _ = fmt.Fprintf(a.out, "%s%s: ", question, hint)
		line, err := a.in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		answer := strings.TrimSpace(line)
		if answer == "" {
			answer = suggestion
		}
		if check == nil {
			return answer, nil
		}
		wrong := check(answer)
		if wrong == nil {
			return answer, nil
		}
		if errors.Is(err, io.EOF) || try == triesMax {
			_, _ = fmt.Fprintln(a.out)
			return "", wrong
		}
		_, _ = fmt.Fprintf(a.out, "  %s\n", wrong)
	}
}

// checkout finds the source that this program was built from: around the working
// directory, or around the program.
func checkout() (string, bool) {
	if dir, err := os.Getwd(); err == nil {
		if found, ok := scaffold.CheckoutAbove(dir); ok {
			return found, true
		}
	}
	self, err := os.Executable()
	if err != nil {
		return "", false
	}
	return scaffold.CheckoutAbove(filepath.Dir(self))
}

// unreleased says what to do when no go.mod can name the version of this program.
func unreleased(version string) error {
	path := "PATH"
	if found, ok := checkout(); ok {
		path = found
	}
	return fmt.Errorf("this cartage (%s) was built from source and is no release, so that a project cannot name the version to build against.\n"+
		"Build against the source instead: add --replace %s, the folder of Cartage's own go.mod.\nNothing was written", version, path)
}

func written(w io.Writer, p scaffold.Project, files []string) {
	_, _ = fmt.Fprintf(w, "Wrote plugin %s with %s into %s:\n\n", p.Name, scaffold.Join(p.Ports), p.Dir)
	for _, name := range files {
		_, _ = fmt.Fprintf(w, "  %s\n", filepath.Join(p.Dir, name))
	}
	_, _ = fmt.Fprintf(w, "\nNext:\n\n  cd %s\n  make test     # build it, and hold it to what its ports promise\n  make dev      # start Cartage with it\n\nREADME.md there tells how to go on.\n", p.Dir)
}
