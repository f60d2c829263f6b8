// SPDX-License-Identifier: Apache-2.0

// Package scaffold writes the first files of a plugin project: a program that
// builds, passes its conformance test against a stand-in, and can be named in config.
//
// Invariant: nothing that is there already is changed, and a project is there as a
// whole or not at all. The package knows nothing of terminals and starts no program.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/cartage-dev/cartage/ports/backend"
)

const (
	hostModule = "github.com/cartage-dev/cartage"
	// unreleased is the version of what a replace directive leads to.
	unreleased = "v0.0.0"
	goVersion  = "1.26.0"
	nameMax    = 32
)

//go:embed templates
var templates embed.FS

// Project is what to write. Name, Module, Dir and Ports are required.
type Project struct {
	Name   string // of the plugin and its backend, as config allows it
	Module string // path of the Go module
	Dir    string // where to write it; what is there must be an empty folder
	Ports  []backend.Port
	// Version is the release of Cartage to build against.
	Version string
	// Replace is a checkout of Cartage's source to build against instead.
	Replace string
}

// The forms of what goes into the files as it is.
var (
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	moduleForm  = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(/[A-Za-z0-9_][A-Za-z0-9._~-]*)*$`)
	releaseForm = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-(alpha|beta|rc)[0-9.]*)?$`)
)

// Released reports whether version is one that a go.mod can name.
func Released(version string) bool { return releaseForm.MatchString(version) }

// ParsePorts reads the names of ports; it names the valid ones where it cannot.
func ParsePorts(names []string) ([]backend.Port, error) {
	var chosen []backend.Port
	for _, name := range names {
		p := backend.Port(strings.TrimSpace(name))
		switch {
		case !slices.Contains(backend.Ports(), p):
			return nil, fmt.Errorf("there is no port %q; the ports are %s", name, Join(backend.Ports()))
		case slices.Contains(chosen, p):
			return nil, fmt.Errorf("port %s is named twice", p)
		}
		chosen = append(chosen, p)
	}
	if err := checkPorts(chosen); err != nil {
		return nil, err
	}
	slices.SortFunc(chosen, func(a, b backend.Port) int {
		return slices.Index(backend.Ports(), a) - slices.Index(backend.Ports(), b)
	})
	return chosen, nil
}

// checkPorts says what is wrong with a choice of ports.
func checkPorts(chosen []backend.Port) error {
	switch {
	case len(chosen) == 0:
		return fmt.Errorf("a plugin offers at least one port; the ports are %s", Join(backend.Ports()))
	case slices.Contains(chosen, backend.PortCheckout) && !slices.Contains(chosen, backend.PortCarts):
		return fmt.Errorf("port %s leads carts to their orders: a plugin that offers it offers %s, too", backend.PortCheckout, backend.PortCarts)
	}
	return nil
}

// Join lists ports with commas.
func Join(ports []backend.Port) string {
	names := make([]string, len(ports))
	for i, p := range ports {
		names[i] = string(p)
	}
	return strings.Join(names, ",")
}

// CheckName says what is wrong with a plugin's name.
func CheckName(name string) error {
	if len(name) > nameMax || !nameForm.MatchString(name) {
		return fmt.Errorf("%q is no name for a plugin: use lower-case letters and digits, with single underscores between them, and begin with a letter", name)
	}
	return nil
}

// Write writes the project, and returns the names of its files in order. A Dir that
// holds anything is refused.
func (p Project) Write() ([]string, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	files, err := p.render()
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return nil, err
	}
	there, err := vacant(dir)
	if err != nil {
		return nil, fmt.Errorf("%w; nothing was written", err)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.name
	}
	if there {
		return names, fill(dir, files)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // G301: source code, as anybody would make it
		return nil, err
	}
	draft, err := os.MkdirTemp(filepath.Dir(dir), ".cartage-new-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	if err := fill(draft, files); err != nil {
		return nil, err
	}
	if err := os.Chmod(draft, 0o755); err != nil { //nolint:gosec // G302: source code
		return nil, err
	}
	return names, os.Rename(draft, dir)
}

// fill writes all files or none into an empty folder.
func fill(dir string, files []file) error {
	for i, f := range files {
		err := create(filepath.Join(dir, f.name), f.text)
		if err == nil {
			continue
		}
		for _, written := range files[:i] {
			_ = os.Remove(filepath.Join(dir, written.name))
		}
		return err
	}
	return nil
}

// create writes a file that must not be there yet.
func create(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // G302, G304: source code, where its author wants it
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

func (p Project) check() error {
	if err := CheckName(p.Name); err != nil {
		return err
	}
	if err := checkPorts(p.Ports); err != nil {
		return err
	}
	switch {
	case !moduleForm.MatchString(p.Module):
		return fmt.Errorf("%q is no path for a Go module; use one like example.com/%s", p.Module, p.Name)
	case p.Module == hostModule || strings.HasPrefix(p.Module, hostModule+"/"):
		return fmt.Errorf("module %s is Cartage's own; use one like example.com/%s", p.Module, p.Name)
	case p.Replace != "" && !IsCheckout(p.Replace):
		return fmt.Errorf("%s is no checkout of Cartage's source: its go.mod is not that of %s", p.Replace, hostModule)
	case p.Replace != "" && strings.ContainsAny(p.Replace, " \t\n\"'`$()#\\"):
		return fmt.Errorf("%q cannot stand in a go.mod and a Makefile; use a path without blanks and quotes", p.Replace)
	case p.Replace == "" && !Released(p.Version):
		return fmt.Errorf("%q is no released version of Cartage", p.Version)
	}
	return nil
}

// file is one of a project's files.
type file struct {
	name string
	text []byte
}

// sheet is what the templates are filled in from.
type sheet struct {
	Project
	Go, Cartage string
}

// Has reports whether the project has the port.
func (p Project) Has(port string) bool { return slices.Contains(p.Ports, backend.Port(port)) }

func (p Project) render() ([]file, error) {
	page := sheet{Project: p, Go: goVersion, Cartage: "cartage"}
	if p.Replace != "" {
		replace, err := filepath.Abs(p.Replace)
		if err != nil {
			return nil, err
		}
		page.Version, page.Replace, page.Cartage = unreleased, replace, filepath.Join(replace, "bin", "cartage")
	}
	all, err := template.New("").Option("missingkey=error").Funcs(template.FuncMap{"title": title, "upper": strings.ToUpper}).ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return nil, err
	}
	var files []file
	for _, t := range all.Templates() {
		name, ok := strings.CutSuffix(t.Name(), ".tmpl")
		if !ok || p.leavesOut(name) {
			continue
		}
		var text bytes.Buffer
		if err := t.Execute(&text, page); err != nil {
			return nil, err
		}
		f := file{name: name, text: text.Bytes()}
		if filepath.Ext(name) == ".go" {
			if f.text, err = format.Source(f.text); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if name == "gitignore" {
			f.name = ".gitignore"
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// leavesOut reports whether a file is that of a port which the project does not have.
func (p Project) leavesOut(name string) bool {
	port := backend.Port(strings.TrimPrefix(strings.TrimSuffix(name, ".go"), "standin_"))
	return slices.Contains(backend.Ports(), port) && !slices.Contains(p.Ports, port)
}

// title is a port's name as Go writes it: the sdk has PortCarts and Ports.Carts.
func title(p backend.Port) string { return strings.ToUpper(string(p[:1])) + string(p[1:]) }
