// SPDX-License-Identifier: Apache-2.0

package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CheckDir says what is in the way of a project in dir, as Write would.
func CheckDir(dir string) error {
	dir, err := filepath.Abs(dir)
	if err == nil {
		_, err = vacant(dir)
	}
	return err
}

// IsCheckout reports whether dir holds the source of Cartage.
func IsCheckout(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // G304: only its first line is looked at
	first, _, _ := strings.Cut(string(text), "\n")
	return err == nil && strings.TrimSpace(first) == "module "+hostModule
}

// CheckoutAbove finds a checkout of Cartage's source in dir or above it.
func CheckoutAbove(dir string) (string, bool) {
	for {
		if IsCheckout(dir) {
			return dir, true
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", false
		}
		dir = above
	}
}

// vacant refuses a place where something is, and reports whether there is an empty folder.
func vacant(dir string) (there bool, err error) {
	held, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%s is in the way", dir)
	case len(held) > 0:
		return false, fmt.Errorf("%s is not empty", dir)
	}
	return true, nil
}
