// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The bounds of a file.
const (
	fileMax  = 1 << 20 // bytes
	depthMax = 32      // keys and lists inside one another
)

// readFile reads the source's text; ok is false when there is none to go on with.
func (r *report) readFile(s Source) (text []byte, ok bool) {
	text = s.Text
	if text == nil && s.File != "" {
		r.read(s.File)
		var err error
		if text, err = readAtMost(s.File, fileMax+1); err != nil {
			r.add(place{}, Mistake{Found: "cannot be read: " + why(err), Expected: "give a file that is there and may be read"})
			return nil, false
		}
	}
	switch {
	case len(text) > fileMax:
		r.add(place{}, Mistake{Found: "is longer than 1 MiB", Expected: "give a config file"})
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		r.add(place{line: 1, col: 1}, Mistake{Found: "a byte order mark", Expected: "save the file as UTF-8 without one"})
	default:
		return text, r.readable(text)
	}
	return nil, false
}

// read says that a file is about to be read.
func (r *report) read(path string) {
	if r.reads != nil {
		r.reads(path)
	}
}

func readAtMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // G304: a path that the operator gave
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most))
}

// why is what the system says, without the path, which the mistake names already.
func why(err error) string {
	if said, ok := errors.AsType[*fs.PathError](err); ok {
		return said.Err.Error()
	}
	return err.Error()
}

// readable refuses bytes that are no text, at the first of them.
func (r *report) readable(text []byte) bool {
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRune(text[at:])
		what := ""
		switch {
		case c == 0:
			what = "a NUL byte"
		case c == utf8.RuneError && size == 1:
			what = "bytes that are not UTF-8"
		}
		if what != "" {
			before := text[:at]
			col := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
			r.add(place{line: bytes.Count(before, []byte("\n")) + 1, col: col}, Mistake{Found: what, Expected: "save the file as UTF-8 text"})
			return false
		}
		at += size
	}
	return true
}

// parse reads one YAML document. A nil node without a mistake is an empty one.
func (r *report) parse(text []byte) *yaml.Node {
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		r.syntax(text, err)
		return nil
	}
	switch err := d.Decode(&more); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntax(text, err)
		return nil
	default:
		r.add(place{line: max(more.Line, 1), col: max(more.Column, 1)}, Mistake{Found: "a second document", Expected: "keep one, and no line --- after it"})
		return nil
	}
	if len(doc.Content) == 0 || !r.plain(doc.Content[0], 0) {
		return nil
	}
	return doc.Content[0]
}

// plain refuses what needs more than reading to be understood, or has no end.
// Nothing is resolved before, so that no alias multiplies anything.
func (r *report) plain(n *yaml.Node, depth int) bool {
	at, ok := place{line: n.Line, col: n.Column}, true
	switch {
	case n.Kind == yaml.AliasNode:
		r.add(at, alias())
		return false
	case n.Anchor != "":
		r.add(at, Mistake{Found: "an anchor (&)", Expected: "take it away, since aliases are refused; a text that begins with & goes in quotes"})
		ok = false
	case depth > depthMax:
		r.add(at, Mistake{Found: fmt.Sprintf("more than %d levels", depthMax), Expected: "nest less"})
		return false
	}
	for i, c := range n.Content {
		if isKey := n.Kind == yaml.MappingNode && i%2 == 0; isKey && c.Kind == yaml.ScalarNode && c.ShortTag() == "!!merge" {
			r.add(place{line: c.Line, col: c.Column}, Mistake{Found: "a merge (<<)", Expected: "write the keys out"})
			ok = false
		}
		ok = r.plain(c, depth+1) && ok
	}
	return ok
}

// syntaxForm is what go.yaml.in/yaml says of a syntax error. Its line is where the
// outermost thing that is wrong began, and is left out when that is the first.
var syntaxForm = regexp.MustCompile(`^yaml: (?:line \d+: )?(?:(unknown anchor) '(.*)'.*|(.*))$`)

// syntax translates an error of the YAML reader. What that repeats of the file is left out.
func (r *report) syntax(text []byte, err error) {
	lines := strings.SplitAfter(string(text), "\n")
	// The reader stops at the first error, so that the text up to there gives it as well.
	last := sort.Search(len(lines)-1, func(i int) bool {
		var n yaml.Node
		d, shorter := yaml.NewDecoder(strings.NewReader(strings.Join(lines[:i+1], ""))), error(nil)
		for shorter == nil {
			shorter = d.Decode(&n)
		}
		return shorter.Error() == err.Error()
	})
	line := lines[last]
	said := append(syntaxForm.FindStringSubmatch(err.Error()), "", "", "", "")
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch tab := strings.IndexByte(indent, '\t'); {
	case tab >= 0:
		r.add(place{line: last + 1, col: tab + 1}, Mistake{Found: "a tab in the indentation", Expected: "indent with spaces"})
	case said[1] != "":
		col := utf8.RuneCountInString(line[:max(strings.Index(line, "*"+said[2]), 0)]) + 1
		r.add(place{line: last + 1, col: col}, alias())
	default:
		r.add(place{line: last + 1, col: len(indent) + 1}, Mistake{Found: "not YAML: " + said[3], Expected: "compare the indentation and the quotes with the lines before"})
	}
}

func alias() Mistake {
	return Mistake{Found: "an alias (*)", Expected: "write the value out; a text that begins with * goes in quotes"}
}
