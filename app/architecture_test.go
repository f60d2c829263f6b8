// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/cartage-dev/cartage/"

// room is a row of the table of rooms in ARCHITECTURE.md: the folder, and what of ours
// its code may import. The first room whose folder holds a file is its room.
type room struct {
	dir string
	may []string // folders of ours; a folder stands for everything below it
	not []string // foreign packages that this room in particular must do without
}

var rooms = []room{
	{dir: "core", may: []string{"core"}, not: []string{"context", "log", "log/slog", "net", "net/http", "os", "io", "math/rand", "math/rand/v2", "crypto/rand"}},
	{dir: "ports/store/storetest", may: []string{"core", "ports/store"}},
	{dir: "ports/backend", may: []string{"core", "ports/backend"}},
	{dir: "ports/store", may: []string{"core", "ports/store"}},
	{dir: "ports/inbound", may: []string{"core", "ports/inbound"}},
	{dir: "ports"},
	{dir: "adapters/inbound/httpserver", may: []string{"core"}},
	{dir: "adapters/inbound/shopifysign", may: []string{"core"}},
	{dir: "adapters/inbound/qr", may: []string{"core", "adapters/inbound/httpserver"}},
	{dir: "adapters/inbound", may: []string{"core", "ports/inbound", "adapters/inbound/httpserver", "adapters/inbound/qr", "adapters/inbound/shopifysign"}},
	{dir: "adapters/backend/pluginhost", may: []string{"core", "ports/backend", "plugins/protocol"}},
	{dir: "adapters/backend", may: []string{"core", "ports/backend"}},
	{dir: "adapters/store/sqlite", may: []string{"core", "ports/store", "adapters/store/internal", "adapters/store/sqlite"}},
	{dir: "plugins/protocol", may: []string{"core", "ports/backend", "plugins/protocol"}},
	{dir: "plugins/sdk", may: []string{"core", "ports/backend", "plugins/protocol", "plugins/sdk"}},
	{dir: "plugins", may: []string{"plugins/sdk"}},
	{dir: "config", may: []string{"core"}},
	{dir: "app/usecase", may: []string{"core", "ports"}, not: []string{"net/http", "database/sql"}},
	{dir: "app/scaffold", may: []string{"ports/backend"}},
	{dir: "app/e2e", may: []string{"core", "ports", "adapters", "plugins/sdk", "config", "app"}},
	{dir: "app", may: []string{"core", "ports", "adapters", "plugins/protocol", "config", "app"}},
}

// keepers are the only rooms that may import a package, or anything below it.
var keepers = map[string][]string{
	"github.com/hashicorp/go-plugin": {"adapters/backend/pluginhost", "plugins/sdk"},
	"github.com/sony/gobreaker":      {"adapters/backend/guard"},
	"database/sql":                   {"adapters/store"},
	"modernc.org/sqlite":             {"adapters/store"},
	"google.golang.org/grpc":         {"plugins/protocol", "plugins/sdk", "adapters/backend/pluginhost"},
	"google.golang.org/protobuf":     {"plugins/protocol", "plugins/sdk", "adapters/backend/pluginhost"},
	"go.uber.org/fx":                 {"app"},
	"github.com/knadh/koanf":         {"config"},
	"testing":                        {"ports/store/storetest", "plugins/sdk/sdktest", "app/apptest"},
	"github.com/spf13/cobra":         {"app/cartage"},
	"github.com/pressly/goose":       {"adapters/store"},
	"github.com/oklog/ulid":          {"adapters/inbound/httpserver"},
	"github.com/prometheus/client_golang/prometheus/promhttp": {"adapters/inbound/admin"},
	"github.com/golang-jwt/jwt":                               {"adapters/inbound/posui"},
	"github.com/santhosh-tekuri/jsonschema":                   {"adapters/backend/pluginhost/settings"},
	"github.com/boombuler/barcode":                            {"adapters/inbound/qr"},
	"github.com/makiuchi-d/gozxing":                           {}, // tests read codes, nobody else does
}

// breach says why a file of the folder dir may not import imported, or nothing.
func breach(dir, imported string) string {
	r, ok := roomOf(dir)
	if !ok {
		return "no room is called " + dir
	}
	if ours, is := strings.CutPrefix(imported, module); is {
		if within(ours, r.may) || within(ours, []string{dir}) {
			return ""
		}
		return r.dir + " may not import " + ours
	}
	for _, foreign := range r.not {
		if imported == foreign {
			return r.dir + " does without " + foreign
		}
	}
	for pkg, rooms := range keepers {
		if within(imported, []string{pkg}) && !within(dir, rooms) {
			return "only " + strings.Join(rooms, ", ") + " may import " + pkg
		}
	}
	return ""
}

func roomOf(dir string) (room, bool) {
	for _, r := range rooms {
		if within(dir, []string{r.dir}) {
			return r, true
		}
	}
	return room{}, false
}

// within reports whether p is one of the folders or below one; a major version
// at the end of a module path counts as below.
func within(p string, folders []string) bool {
	for _, f := range folders {
		if p == f || strings.HasPrefix(p, f+"/") {
			return true
		}
	}
	return false
}

func TestImports(t *testing.T) {
	t.Parallel()
	root := ".."
	var seen int
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "data" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		for _, i := range parsed.Imports {
			seen++
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if why := breach(dir, name); why != "" {
				t.Errorf("%s: %s", rel, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("looked at %d imports only; is the root right?", seen)
	}
}

// TestPlantedBreaches proves that the table bites.
func TestPlantedBreaches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, dir, imported string
		want                bool
	}{
		{"core asks the clock of a context", "core/cart", "context", true},
		{"core logs", "core/cart", "log/slog", true},
		{"core knows a port", "core/cart", module + "ports/backend", true},
		{"core knows core", "core/cart", module + "core/money", false},
		{"a port knows another port", "ports/inbound", module + "ports/backend", true},
		{"a channel asks a backend", "adapters/inbound/poq", module + "ports/backend", true},
		{"a channel knows another channel", "adapters/inbound/poq", module + "adapters/inbound/links", true},
		{"a channel knows config", "adapters/inbound/poq", module + "config", true},
		{"a channel asks its port", "adapters/inbound/poq", module + "ports/inbound", false},
		{"a channel has a code drawn", "adapters/inbound/poq", module + "adapters/inbound/qr", false},
		{"a channel draws a code itself", "adapters/inbound/poq", "github.com/boombuler/barcode/qr", true},
		{"what draws codes knows whose they are", "adapters/inbound/qr", module + "ports/inbound", true},
		{"what draws codes reads them", "adapters/inbound/qr", "github.com/makiuchi-d/gozxing", true},
		{"a store knows a backend", "adapters/store/sqlite", module + "ports/backend", true},
		{"the guard knows the wire", "adapters/backend/guard", module + "plugins/protocol", true},
		{"the guard starts processes", "adapters/backend/guard", "github.com/hashicorp/go-plugin", true},
		{"the backend's kit needs a test", "ports/backend/backendtest", "testing", true},
		{"the backend's kit knows the wire", "ports/backend/backendtest", module + "plugins/protocol", true},
		{"the processes' kit judges by the backend's", "plugins/protocol/protocoltest", module + "ports/backend/backendtest", false},
		{"the processes' kit leans on a library", "plugins/protocol/protocoltest", "github.com/hashicorp/go-plugin", true},
		{"the processes' kit knows the host", "plugins/protocol/protocoltest", module + "adapters/backend/pluginhost", true},
		{"a plugin reaches past the sdk", "plugins/mock", module + "core/money", true},
		{"a plugin uses the sdk", "plugins/mock", module + "plugins/sdk", false},
		{"a use case knows HTTP", "app/usecase", "net/http", true},
		{"a use case knows an adapter", "app/usecase", module + "adapters/store/sqlite", true},
		{"a use case is wired by fx", "app/usecase", "go.uber.org/fx", false},
		{"an adapter is wired by fx", "adapters/inbound/poq", "go.uber.org/fx", true},
		{"the scaffold knows the host", "app/scaffold", module + "config", true},
		{"the process host reads a schema itself", "adapters/backend/pluginhost", "github.com/santhosh-tekuri/jsonschema/v6", true},
		{"sql outside its store", "app", "database/sql", true},
		{"a package with a longer name", "core/cart", "contextual", false},
		{"a room nobody drew", "misc", "fmt", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if why := breach(tt.dir, tt.imported); (why != "") != tt.want {
				t.Errorf("breach(%q, %q) = %q, want a breach: %t", tt.dir, tt.imported, why, tt.want)
			}
		})
	}
}
