// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a child of the benchmark that listens at address.
type process struct {
	cmd     *exec.Cmd
	address string
}

const upMax = 20 * time.Second

func start(env []string, address string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...) //nolint:gosec,noctx // G204: the program itself
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, address}
	for end := time.Now().Add(upMax); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil { //nolint:noctx // bounded
			return p, conn.Close()
		}
	}
	p.stop()
	return nil, fmt.Errorf("%v does not listen at %s", args, address)
}

func startShop() (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return start(nil, address, "-role", "shop", "-shop", address)
}

// startHost runs a host with config that is the same for all of them, and more: its backends, apps and shops.
func startHost(role, dir, shop, more string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "bench.yaml")
	text := fmt.Sprintf(`
server: {listen: %q, public_url: %q, ready_delay: 0s}
admin: {listen: "127.0.0.1:0"}
log: {level: warn}
store: {path: %q}
`, address, "http://"+address, filepath.Join(dir, database)) + more
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return start(nil, address, "-role", role, "-shop", shop, file)
}

const database = "cartage.db"

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// cpu is what the process and its living children have used so far, as Linux counts it.
func (p *process) cpu() (time.Duration, error) {
	pids := []string{strconv.Itoa(p.cmd.Process.Pid)}
	children, err := filepath.Glob(fmt.Sprintf("/proc/%s/task/*/children", pids[0]))
	if err != nil {
		return 0, err
	}
	for _, file := range children {
		list, err := os.ReadFile(file) //nolint:gosec // G304: below /proc
		if err != nil {
			return 0, err
		}
		pids = append(pids, strings.Fields(string(list))...)
	}
	var sum time.Duration
	for _, pid := range pids {
		used, err := runtimeOf(pid)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// runtimeOf reads nanoseconds on a CPU for every thread from schedstat, which
// counts finer than the clock ticks of stat.
func runtimeOf(pid string) (time.Duration, error) {
	threads, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("no schedstat of process %s; this benchmark needs Linux", pid)
	}
	var sum time.Duration
	for _, file := range threads {
		text, err := os.ReadFile(file) //nolint:gosec // G304: below /proc
		if err != nil {
			continue // the thread has ended
		}
		var ns int64
		if _, err := fmt.Sscan(string(text), &ns); err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
