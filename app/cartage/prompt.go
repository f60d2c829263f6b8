// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cartage-dev/cartage/app/scaffold"
	"github.com/cartage-dev/cartage/ports/backend"
)

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

func (a asker) complete(ctx context.Context, p *scaffold.Project, ports *[]string) (err error) {
	if p.Name == "" && a.in == nil {
		return usage("name the plugin: cartage plugin new NAME")
	}
	if p.Name == "" {
		if p.Name, err = a.ask(ctx, "Name of the plugin", "", scaffold.CheckName); err != nil {
			return err
		}
	}
	if err := scaffold.CheckName(p.Name); err != nil {
		return err
	}
	if err := a.folder(ctx, p); err != nil { // before the other questions, which were in vain
		return err
	}
	if !a.given("ports") {
		chosen, err := a.ask(ctx, "Ports it offers", scaffold.Join(backend.Ports()), func(text string) error {
			_, err := scaffold.ParsePorts(strings.Split(text, ","))
			return err
		})
		if err != nil {
			return err
		}
		*ports = strings.Split(chosen, ",")
	}
	if !a.given("module") {
		if p.Module, err = a.ask(ctx, "Path of its Go module", "example.com/"+p.Name, nil); err != nil {
			return err
		}
	}
	if !a.given("replace") && !scaffold.Released(p.Version) && a.in != nil {
		found, _ := checkout()
		p.Replace, err = a.ask(ctx, "Checkout of Cartage's source to build against, since this cartage is no release", found, func(dir string) error {
			if !scaffold.IsCheckout(dir) {
				return fmt.Errorf("%s is no checkout of Cartage's source", dir)
			}
			return nil
		})
	}
	return err
}

// folder asks where to write to. What is there already is refused here, and once more when it is written.
func (a asker) folder(ctx context.Context, p *scaffold.Project) (err error) {
	if !a.given("dir") {
		if p.Dir, err = a.ask(ctx, "Folder to write it to", p.Name, scaffold.CheckDir); err != nil {
			return err
		}
	}
	if err := scaffold.CheckDir(p.Dir); err != nil {
		return fmt.Errorf("%w; nothing was written", err)
	}
	return nil
}

// ask asks until check is content, and takes the suggestion where there is no answer.
func (a asker) ask(ctx context.Context, question, suggestion string, check func(string) error) (string, error) {
	if a.in == nil {
		return suggestion, nil
	}
	hint := ""
	if suggestion != "" {
		hint = " [" + suggestion + "]"
	}
	for try := 1; ; try++ {
		_, _ = fmt.Fprintf(a.out, "%s%s: ", question, hint)
		answer, err := a.line(ctx)
		if err != nil {
			_, _ = fmt.Fprintln(a.out)
			return "", err
		}
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
		if try == triesMax {
			_, _ = fmt.Fprintln(a.out)
			return "", wrong
		}
		_, _ = fmt.Fprintf(a.out, "  %s\n", wrong)
	}
}

// How questions end without an answer: by Ctrl-C, and by Ctrl-D.
var (
	errInterrupted = errors.New("interrupted; nothing was written")
	errNoAnswer    = errors.New("no answer; nothing was written")
)

// line reads one, for as long as ctx lasts. Nothing can take back a read from a
// terminal, so that what reads in vain ends with the program.
func (a asker) line(ctx context.Context) (string, error) {
	type read struct {
		text string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := a.in.ReadString('\n')
		done <- read{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", errInterrupted
	case r := <-done:
		switch {
		case ctx.Err() != nil:
			return "", errInterrupted
		case errors.Is(r.err, io.EOF) && r.text == "":
			return "", errNoAnswer
		case r.err != nil && !errors.Is(r.err, io.EOF):
			return "", r.err
		}
		return r.text, nil
	}
}
