// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// programMax bounds a program in bytes.
const programMax = 512 << 20

// program is what runs: the very bytes whose checksum is sum.
type program struct {
	path   string   // what to execute
	sum    string   // SHA-256, in hexadecimal
	sealed *os.File // the copy that path leads to; nil where the file itself runs
	pinned bool     // whether config says which sum it must have
}

// load reads the program at path once and holds it to the wanted checksum. Where
// the system can, what runs afterwards is a sealed copy, which nobody can change
// between the check and a start, the first or a later one. What is wrong is
// Invalid and names the key plugin or sha256 of the backend's config.
func load(path, want string) (program, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the program that the operator configured
	if errors.Is(err, fs.ErrNotExist) {
		return program{}, unusable("plugin", "there is no program %s", path)
	}
	if err != nil {
		return program{}, unusable("plugin", "program %s cannot be read", path).Because(err)
	}
	defer func() { _ = f.Close() }()
	switch info, err := f.Stat(); {
	case err != nil:
		return program{}, unusable("plugin", "program %s cannot be read", path).Because(err)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return program{}, unusable("plugin", "%s is not an executable file", path)
	case info.Size() > programMax:
		return program{}, unusable("plugin", "program %s exceeds %d bytes", path, programMax)
	}
	p, err := hold(f, path)
	if err != nil {
		return program{}, err
	}
	if want != "" && !strings.EqualFold(want, p.sum) {
		p.close()
		return program{}, unusable("sha256", "program %s has SHA-256 %s, and config pins another", path, p.sum)
	}
	p.pinned = want != ""
	return p, nil
}

// unchanged holds what is about to run to what was loaded. A sealed copy cannot be
// another; a file can, and what is done to it between this look and the start is not seen.
func (p program) unchanged() error {
	if p.sealed != nil {
		return nil
	}
	sum, err := Sum(p.path)
	if err != nil || sum == p.sum {
		return err
	}
	expected := "the first that was started had " + p.sum + ", and another takes a reload"
	if p.pinned {
		expected = "config pins " + p.sum
	}
	return fault.New(fault.Invalid, "sha256_changed", "the program has SHA-256 %s; %s (%s)", sum, expected, p.path)
}

// Sum is the SHA-256 of the program at path as it stands there now, in
// hexadecimal. Its faults are those of Launch.
func Sum(path string) (string, error) {
	p, err := load(path, "")
	p.close()
	return p.sum, err
}

// hold hashes what f holds while it copies it to where it will run from. A script
// has to run from its own file: its interpreter opens it again. That file is held to
// the checksum at every start; the interpreter, and what the script imports, are not.
func hold(f *os.File, path string) (program, error) {
	var magic [4]byte
	n, _ := io.ReadFull(f, magic[:])
	body := io.MultiReader(bytes.NewReader(magic[:n]), f)
	hash := sha256.New()
	p := program{path: path}
	if string(magic[:n]) == "\x7fELF" {
		sealed, at, err := seal(io.TeeReader(body, hash))
		if err == nil && sealed != nil {
			p.sealed, p.path, p.sum = sealed, at, hex.EncodeToString(hash.Sum(nil))
			return p, nil
		}
		if err != nil {
			return program{}, fmt.Errorf("copy program %s: %w", path, err)
		}
	}
	if _, err := io.Copy(hash, body); err != nil {
		return program{}, fmt.Errorf("read program %s: %w", path, err)
	}
	p.sum = hex.EncodeToString(hash.Sum(nil))
	return p, nil
}

func (p program) close() {
	if p.sealed != nil {
		_ = p.sealed.Close()
	}
}

// unusable blames the config's key for a plugin that cannot run.
func unusable(key, format string, args ...any) *fault.Error {
	text := fmt.Sprintf(format, args...)
	return fault.New(fault.Invalid, "plugin_unusable", "%s", text).With(fault.Field{Path: key, Reason: "unusable", Detail: text})
}
