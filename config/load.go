// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"reflect"
	"slices"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"

	"github.com/cartage-dev/cartage/core/secret"
)

// Mode says how much is refused.
type Mode uint8

// The modes. Serve is the zero one, so that a forgotten mode is the strict one.
const (
	Serve Mode = iota // production
	Dev               // a developer's own machine: what allow would have to name is allowed
)

// Source is where a config comes from.
type Source struct {
	File string // path of the YAML file
	// Text is read instead of the file when it is not nil; File is then only its name.
	// Without either, everything comes from the environment.
	Text []byte
	// Environ holds NAME=value as os.Environ does: overrides, and what env:NAME refers to.
	Environ []string
	Mode    Mode
	// Running is the config of a host that takes this one over while it runs; nil at
	// a start. What cannot change meanwhile is then held to it.
	Running *Config
	// Reads hears the path of each file that is read, secrets included, so that
	// somebody can watch them; it may be nil.
	Reads func(path string)
}

// What a source without a file is called.
const (
	builtIn = "(built-in demo)"
	noFile  = "(no file)"
)

// Load layers the file over the defaults and the environment over both, resolves
// secrets, and validates the whole. Its error is always Mistakes, with everything
// that is wrong.
func Load(s Source) (Config, error) {
	r := newReport(s.File)
	r.reads = s.Reads
	env := environment(s.Environ)
	file, above, ok := r.layers(s, env)
	if !ok {
		return Config{}, r.mistakes()
	}
	cfg, err := layered(defaults(file, above), file, above)
	if err != nil {
		// Our own bug: each layer has the types of the tree. What it says may repeat values.
		r.add(place{}, Mistake{Found: "cannot be put together"})
		return Config{}, r.mistakes()
	}
	c := check{report: r, cfg: cfg, mode: s.Mode, env: env}
	c.secrets()
	c.host()
	c.backends()
	c.shops()
	if s.Running != nil {
		c.fixed(*s.Running)
	}
	if err := r.mistakes(); err != nil {
		return Config{}, err
	}
	return c.cfg, nil
}

// layers are what file and environment say; ok is false when the file is none to go on with.
func (r *report) layers(s Source, env map[string]string) (file, above tree, ok bool) {
	switch {
	case s.File == "" && s.Text == nil:
		r.file, r.keys[""] = noFile, place{}
	case s.File == "":
		r.file = builtIn
	}
	text, ok := r.readFile(s)
	if !ok {
		return nil, nil, false
	}
	root := r.parse(text)
	if len(r.found) > 0 {
		return nil, nil, false
	}
	if root == nil {
		root = &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	}
	file = r.branch(root, reflect.TypeFor[Config](), "")
	return file, r.overrides(env, file), true
}

// Locate is err with the places of the keys that its Mistakes name and that have
// none yet: what a plugin refuses is known only when the config has been read. Any
// other error stays as it is, and so do Mistakes whose file can no longer be read.
func (s Source) Locate(err error) error {
	mistakes, ok := errors.AsType[Mistakes](err)
	if !ok {
		return err
	}
	r := newReport(s.File)
	if _, _, ok := r.layers(s, environment(s.Environ)); !ok {
		return err
	}
	r.found = nil
	located := slices.Clone(mistakes)
	for i, m := range located {
		if m.Key != "" && m.Place == "" {
			located[i].Place = r.shownPlace(r.at(m.Key))
		}
	}
	return located
}

// layered makes a config of layers, the lowest first.
func layered(layers ...tree) (Config, error) {
	k := koanf.New(".")
	for _, layer := range layers {
		if err := k.Load(confmap.Provider(layer, ""), nil); err != nil {
			return Config{}, err
		}
	}
	var cfg Config
	err := k.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		ErrorUnused: true,
		DecodeHook: func(_, to reflect.Type, held any) (any, error) {
			if text, ok := held.(string); ok && to == reflect.TypeFor[secret.Text]() {
				return secret.New(text), nil
			}
			return held, nil
		},
	}})
	return cfg, err
}
