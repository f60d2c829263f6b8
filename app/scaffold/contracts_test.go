// SPDX-License-Identifier: Apache-2.0

package scaffold_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/ports/backend"
)

var update = flag.Bool("update", false, "rewrite the comments of the templates of ports")

// TestContracts holds the comments in the ports' files to what the ports promise.
func TestContracts(t *testing.T) {
	t.Parallel()
	p := project(t, backend.Ports()...)
	if _, err := p.Write(); err != nil {
		t.Fatal(err)
	}
	for _, port := range backend.Ports() {
		want := promises(t, filepath.Join(root(t), "ports", "backend", string(port)+".go"))
		if len(want) == 0 {
			t.Errorf("port %s has no methods", port)
		}
		if *update {
			rewrite(t, filepath.Join("templates", string(port)+".go.tmpl"), want)
			continue
		}
		got := promises(t, filepath.Join(p.Dir, string(port)+".go"))
		for method, text := range want {
			if got[method] != text {
				t.Errorf("%s.%s: pass -update, since the template says\n%s\nand the port\n%s", port, method, got[method], text)
			}
		}
	}
}

// rewrite puts the promises above the methods of a template.
func rewrite(t *testing.T, file string, promises map[string]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for method, said := range promises {
		above := regexp.MustCompile(`(?m)(^//.*\n)+(func \(\w+ \*\w+\) ` + method + `\()`)
		var comment strings.Builder
		for line := range strings.Lines(said) {
			comment.WriteString(strings.TrimSpace("// "+line) + "\n")
		}
		text = above.ReplaceAll(text, []byte(strings.ReplaceAll(comment.String(), "$", "$$")+"$2"))
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// promises are the comments of a file's methods and interfaces' methods, by name.
func promises(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil && d.Name.IsExported() {
				said[d.Name.Name] = d.Doc.Text()
			}
		case *ast.InterfaceType:
			for _, m := range d.Methods.List {
				said[m.Names[0].Name] = m.Doc.Text()
			}
		}
		return true
	})
	return said
}
