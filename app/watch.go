// SPDX-License-Identifier: Apache-2.0

package app

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/config"
)

// watchEvery is how often the files of a config are looked at. A change is taken
// over when it was the same at two looks, so that nobody reads half a file. Looking
// costs less than it seems, and sees what notifications miss: mounted volumes,
// links that are switched over, editors that write a new file.
const watchEvery = 500 * time.Millisecond

// watchBytes bounds what is compared of one file.
const watchBytes = 2 << 20

// watch reloads an engine when a file of its config has changed, until the engine ends.
type watch struct {
	engine  *Engine
	looking sync.WaitGroup

	mu    sync.Mutex
	files []string
	tried [sha256.Size]byte // what they held when config was read the last time
}

// start compares with cfg once, so that a change since that was loaded is not missed.
func (w *watch) start(cfg config.Config) {
	if w.engine.source.File == "" || w.engine.source.Text != nil {
		return
	}
	w.note()
	if _, now := w.load(); !reflect.DeepEqual(now, cfg) {
		w.tried = unseen
	}
	w.looking.Go(w.look)
}

// note remembers what config is about to be read from, whoever asked for that, so
// that what is refused is refused once. A change since then is another one.
func (w *watch) note() {
	files, _ := w.load() // again each time: a change may name other files
	tried := contents(files)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files, w.tried = files, tried
}

func (w *watch) look() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for before := unseen; ; {
		select {
		case <-w.engine.ending.Done():
			return
		case <-tick.C:
		}
		w.mu.Lock()
		files, tried := w.files, w.tried
		w.mu.Unlock()
		now := contents(files)
		if now != tried && now == before {
			_, _ = w.engine.take("a change of its files", false)
		}
		before = now
	}
}

// load reads the config as it stands now, and lists the files that it is made of;
// a wrong one has files as well.
func (w *watch) load() (files []string, cfg config.Config) {
	source := w.engine.source
	source.Reads = func(path string) { files = append(files, path) }
	cfg, _ = config.Load(source)
	slices.Sort(files) // secrets are read in the order of a map
	return files, cfg
}

// unseen is no sum of any contents.
var unseen [sha256.Size]byte

// contents is one sum over all files. One that cannot be read has a sum of its own.
func contents(files []string) (sum [sha256.Size]byte) {
	all := sha256.New()
	for _, path := range files {
		one := sha256.New()
		f, err := os.Open(path) //nolint:gosec // G304: a path from the operator's config
		if err == nil {
			_, err = io.Copy(one, io.LimitReader(f, watchBytes))
			err = errors.Join(err, f.Close())
		}
		if errors.Is(err, fs.ErrNotExist) {
			_, _ = io.WriteString(one, "missing")
		}
		all.Write(one.Sum(nil))
	}
	return [sha256.Size]byte(all.Sum(nil))
}
