// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// cookie is in plugins/protocol/README.md; whoever changes it breaks every plugin there is.
const cookie = "CARTAGE_PLUGIN=6b0e9d52-3c7a-4f18-9a45-d2f1c08e7b63"

// bareNode is a process of the Node plugin that a test plays the host of. Its socket's folder is kept short.
func bareNode(t *testing.T, env ...string) (cmd *exec.Cmd, stderr *bytes.Buffer, sockets string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	sockets, err := os.MkdirTemp("", "node")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	cmd = exec.CommandContext(ctx, nodePlugin(t))
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "PLUGIN_UNIX_SOCKET_DIR=" + sockets}, env...)
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	return cmd, stderr, sockets
}

// greet waits for the server's first word over TLS, with the host's certificate or without one.
func greet(socket string, server *x509.Certificate, host *tls.Certificate) error {
	trusted := x509.NewCertPool()
	trusted.AddCert(server)
	about := &tls.Config{RootCAs: trusted, ServerName: "localhost", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	if host != nil {
		about.Certificates = []tls.Certificate{*host}
	}
	conn, err := tls.Dial("unix", socket, about)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1)) // HTTP/2's settings, or an alert
	return err
}

// hostCertificate is one as go-plugin makes it: self-signed, on P-521.
func hostCertificate(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestNodeStartedByHand(t *testing.T) {
	cmd, stderr, _ := bareNode(t, "CARTAGE_PLUGIN=no")
	said := &bytes.Buffer{}
	cmd.Stdout = said
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
	if said.Len() > 0 || !strings.Contains(stderr.String(), "is a plugin of Cartage") {
		t.Errorf("it says %q and %q", said, stderr)
	}
}

// TestNodeShakesHands reads the line on stdout field by field, and takes the host away.
func TestNodeShakesHands(t *testing.T) {
	for _, tt := range []struct{ name, offered, chosen string }{
		{"the only version", "1", "1"},
		{"the highest that both speak", "3,1,2", "1"},
		{"none in common", "7,8", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := hostCertificate(t)
			shown := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: host.Certificate[0]})
			cmd, stderr, sockets := bareNode(t, cookie, "PLUGIN_CLIENT_CERT="+string(shown), "PLUGIN_PROTOCOL_VERSIONS="+tt.offered, "CARTAGE_LIFELINE_FD=3")
			theirs, ours, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.ExtraFiles = []*os.File{theirs}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = theirs.Close()
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatalf("no line on stdout: %v, and %s", err, stderr)
			}
			fields := strings.Split(strings.TrimSuffix(line, "\n"), "|")
			want := []string{"1", tt.chosen, "unix", filepath.Join(sockets, "s"), "grpc"}
			if diff := cmp.Diff(want, fields[:len(fields)-1]); diff != "" {
				t.Errorf("handshake (-want +got):\n%s", diff)
			}
			der, err := base64.RawStdEncoding.DecodeString(fields[len(fields)-1])
			if err != nil {
				t.Fatalf("certificate: %v", err)
			}
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatalf("certificate: %v", err)
			}
			if err := greet(fields[3], certificate, nil); err == nil {
				t.Error("it serves a stranger")
			}
			if err := greet(fields[3], certificate, host); err != nil {
				t.Errorf("it does not serve its host: %v", err)
			}
			_ = cmd.Process.Signal(syscall.SIGTERM) // ignored
			time.Sleep(200 * time.Millisecond)
			if cmd.Process.Signal(syscall.Signal(0)) != nil {
				t.Error("it ended by a signal that it should leave to the host")
			}
			_ = ours.Close() // as the host's death does
			if _ = cmd.Wait(); !cmd.ProcessState.Exited() {
				t.Errorf("it outlived its host: %v", cmd.ProcessState)
			}
		})
	}
}
