// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

// This file is the program of the hostile plugins: the test's own, started as a
// plugin. What it does to a start goes by its name, and what to a call by the
// call's reference.

// beforeHandshake is what a program of that name does instead of shaking hands.
func beforeHandshake(name string) {
	switch {
	case strings.HasSuffix(name, "exits"):
		fmt.Fprintln(os.Stderr, "cannot find my keys: s3cret-value")
		os.Exit(3)
	case strings.HasSuffix(name, "flaky"): // does as the file beside it says
		if told, err := os.ReadFile(name + ".does"); err == nil && string(told) == "exit" {
			os.Exit(5)
		}
	case strings.HasSuffix(name, "exits-with-child"):
		_, _ = child(false, os.Environ())
		os.Exit(3)
	case strings.HasSuffix(name, "mute"):
		time.Sleep(time.Hour)
	case strings.HasSuffix(name, "garbled"):
		fmt.Println("hello, world")
		time.Sleep(time.Hour)
	case strings.HasSuffix(name, "endless"): // a handshake that never ends its line
		for {
			_, _ = os.Stdout.WriteString(strings.Repeat("1|1|", 1<<14))
		}
	case strings.HasSuffix(name, "plain"): // shakes hands without a certificate
		fmt.Println("1|1|unix|/nowhere|grpc")
		time.Sleep(time.Hour)
	case strings.HasSuffix(name, "version"):
		fmt.Println("1|99|unix|/nowhere|grpc|")
		time.Sleep(time.Hour)
	case strings.HasSuffix(name, "looks-at-once"):
		sawAtOnce = descriptors()
	case strings.HasSuffix(name, "greedy"):
		hoard()
	case strings.Contains(name, "raw-"):
		serveRaw(name[strings.LastIndex(name, "raw-")+len("raw-"):])
	}
}

// child starts a process that does not end by itself and holds our stderr.
func child(away bool, env []string) (pid int, err error) {
	c := exec.Command("sleep", "1000")
	c.Stderr, c.Env = os.Stderr, env
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: away}
	if err := c.Start(); err != nil {
		return 0, err
	}
	return c.Process.Pid, nil
}

// hoard takes memory until somebody ends it.
func hoard() {
	var kept [][]byte
	for {
		b := make([]byte, 8<<20)
		for i := range b {
			b[i] = byte(i)
		}
		kept = append(kept, b)
		time.Sleep(5 * time.Millisecond)
		runtime.KeepAlive(kept)
	}
}

// sawAtOnce is what a plugin of that name saw before it did anything.
var sawAtOnce string

// fill takes memory that no collector gives back, up to a part of what is allowed, and
// keeps it.
func fill(percent int64) error {
	allowed, err := strconv.ParseInt(os.Getenv("GOMEMLIMIT"), 10, 64)
	if err != nil {
		return err
	}
	for most := allowed / 9 * 10 / 100 * percent; pluginhost.Resident(os.Getpid()) < most; {
		block, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			return err
		}
		for i := 0; i < len(block); i += os.Getpagesize() {
			block[i] = 1
		}
	}
	return nil
}

func flood(fd int, chunk string) {
	for b := []byte(chunk); ; {
		if _, err := syscall.Write(fd, b); err != nil {
			return
		}
	}
}

// misbehave does what a call's reference says; done is false for a reference that says nothing.
func misbehave(ctx context.Context, what string) (said string, done bool) {
	switch what {
	case "panic":
		panic("as told")
	case "panic beside":
		go func() { panic("as told") }()
		time.Sleep(5 * time.Second)
	case "exit":
		os.Exit(4)
	case "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // other threads run on for a moment
		time.Sleep(5 * time.Second)
	case "wait":
		<-ctx.Done()
	case "never":
		time.Sleep(time.Hour)
	case "late":
		<-ctx.Done()
		time.Sleep(200 * time.Millisecond)
	case "leak":
		hoard()
	case "spin":
		for range runtime.NumCPU() {
			go func() {
				for n := 0; ; n++ {
					runtime.KeepAlive(n)
				}
			}()
		}
	case "open files":
		for n := range 10_000 {
			if _, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0); err != nil {
				return strconv.Itoa(n), true
			}
		}
		return "10000", true
	case "flood lines":
		go flood(2, strings.Repeat("x", 64<<10)+"\n")
	case "flood without end":
		go flood(2, strings.Repeat("x", 64<<10))
	case "flood stdout":
		go flood(1, strings.Repeat("x", 64<<10))
	case "flood through pipes": // those that go-plugin puts in the place of both
		go func() { _, _ = io.Copy(os.Stdout, endless{}) }()
		go func() { _, _ = io.Copy(os.Stderr, endless{}) }()
	case "odd log":
		fmt.Fprintln(os.Stderr, `{"@message":7,"@level":["x"],"@timestamp":12}`)
	case "close output":
		_, _ = syscall.Close(1), syscall.Close(2)
	case "close sockets":
		for fd := 3; fd < 256; fd++ {
			_ = syscall.Close(fd)
		}
	case "remove sockets":
		_ = os.RemoveAll(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
	default:
		return "", false
	}
	return "", true
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, strings.Repeat("x", len(b))), nil }

// children answers with the pids of processes that would outlive us.
func children() (string, error) {
	var pids []string
	for _, away := range []bool{false, true} {
		pid, err := child(away, os.Environ())
		if err != nil {
			return "", err
		}
		pids = append(pids, strconv.Itoa(pid))
	}
	wiped, err := child(false, []string{"PATH=" + os.Getenv("PATH")})
	return strings.Join(append(pids, strconv.Itoa(wiped)), " "), err
}

// serveHonestly is what the SDK makes of the test's own plugin.
func serveHonestly() { sdk.Serve(plugin()) }
