// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// TestAPI holds the surface that authors depend on to testdata/api.txt: every
// exported name, and what the types behind the aliases hold. A change shows in review.
func TestAPI(t *testing.T) {
	t.Parallel()
	const golden = "testdata/api.txt"
	got := surface(t)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the sdk's surface changed; pass -update when that is meant (-want +got):\n%s", diff)
	}
}

// surface is one sorted line for each thing an author may use.
func surface(t *testing.T) string {
	t.Helper()
	fset := token.NewFileSet()
	files, exports := compiled(t, fset)
	open := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", open)}
	pkg, err := config.Check("sdk", fset, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	short := func(p *types.Package) string { return p.Name() }
	var lines []string
	for _, name := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(name)
		if !o.Exported() {
			continue
		}
		if c, ok := o.(*types.Const); ok {
			lines = append(lines, fmt.Sprintf("const %s %s = %s", name, types.TypeString(c.Type(), short), c.Val()))
			continue
		}
		kind, ok := o.(*types.TypeName)
		if !ok {
			lines = append(lines, types.ObjectString(o, short))
			continue
		}
		lines = append(lines, "type "+name+" "+describe(kind.Type(), short))
		lines = append(lines, members(name, kind.Type(), short)...)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func describe(t types.Type, short types.Qualifier) string {
	switch under := t.Underlying().(type) {
	case *types.Struct:
		return "struct"
	case *types.Interface:
		return "interface"
	default:
		return types.TypeString(under, short)
	}
}

func members(name string, t types.Type, short types.Qualifier) []string {
	var lines []string
	if s, ok := t.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Exported() {
				lines = append(lines, fmt.Sprintf("type %s, field %s %s", name, f.Name(), types.TypeString(f.Type(), short)))
			}
		}
	}
	methods := types.NewMethodSet(t)
	if !types.IsInterface(t) {
		methods = types.NewMethodSet(types.NewPointer(t))
	}
	for m := range methods.Methods() {
		if m.Obj().Exported() {
			lines = append(lines, fmt.Sprintf("type %s, method %s%s", name, m.Obj().Name(), strings.TrimPrefix(types.TypeString(m.Type(), short), "func")))
		}
	}
	return lines
}

// compiled parses this package and finds what the compiler made of those it imports.
func compiled(t *testing.T, fset *token.FileSet) ([]*ast.File, map[string]string) {
	t.Helper()
	out, err := exec.CommandContext(soon(t), "go", "list", "-export", "-deps", "-json=ImportPath,Export,GoFiles,DepOnly", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	var files []*ast.File
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Export string
			GoFiles            []string
			DepOnly            bool
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return files, exports
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if p.DepOnly {
			continue
		}
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
	}
}
