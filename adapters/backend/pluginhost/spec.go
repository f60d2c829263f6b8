// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"time"

	"github.com/cartage-dev/cartage/core/secret"
)

// Spec says which program to run for one backend, and what it is told.
type Spec struct {
	Backend  string // the backend's name in config
	Path     string // of the program, absolute
	SHA256   string // of the program, in hexadecimal; empty: whatever it is
	Settings []byte // one JSON object
	Secrets  map[string]secret.Text
	// StartTimeout bounds a start up to the handshake; zero is ten seconds.
	StartTimeout time.Duration
	// Env names variables of the host that are handed on. Beyond these a process
	// sees PATH, TZ and where certificates are, and nothing else of the host's.
	Env []string
	// Limits bound what the process may use.
	Limits Limits
}

// The states of a plugin.
const (
	Starting    = "starting" // for the first time
	Ready       = "ready"
	Backoff     = "backoff"     // it ended; a new process starts soon
	Quarantined = "quarantined" // it ended too often; one try now and then, or after Reset
	Stopping    = "stopping"    // no new calls; waiting for those in flight
	Stopped     = "stopped"
)

// Status is how a plugin is at the moment.
type Status struct {
	State    string
	PID      int       // 0 when no process runs
	Restarts int       // since Launch
	Since    time.Time // when the state began
	NextTry  time.Time // when the next process starts; zero unless one is waited for
	// LastExit is how the last process ended, or why the last start failed, for
	// people; empty while the first runs. It is one bounded line without secrets.
	LastExit string
	// Checked is "ok", or why the commerce system could not be reached when it was
	// last asked; empty before the first answer. It is without secrets.
	Checked string
	SHA256  string // of the program that runs
	// MemoryBytes is what the process occupied when it was last looked at; zero
	// where the system does not tell.
	MemoryBytes int64
	// MemoryMax is what it may occupy, in bytes, before it is killed.
	MemoryMax int64
	// Refused is how many requests are not sent any more, since each ended the
	// process time and again.
	Refused int
}

// sumShown is how many digits of a checksum tell programs apart for people.
const sumShown = 12

// ShortSHA256 is the first digits of SHA256, by which people tell programs apart.
func (s Status) ShortSHA256() string { return s.SHA256[:min(len(s.SHA256), sumShown)] }

// The bounds of a plugin's life that only a new release changes.
const (
	startMax     = 10 * time.Second // default of Spec.StartTimeout
	configureMax = 10 * time.Second
	checkEvery   = 15 * time.Second
	checkMax     = 5 * time.Second
	restartWait  = 2 * time.Second // how long a call waits for the next process
	drainMax     = 10 * time.Second
	shutdownMax  = 3 * time.Second // from asking a process to end to killing it
	healthMisses = 3               // in a row, and the process is killed
	backoffMax   = 30 * time.Second
	backoffFirst = 100 * time.Millisecond
)

// pace is the bounds of supervision, as fields so that tests need not wait for hours.
type pace struct {
	healthEvery   time.Duration
	healthMax     time.Duration
	crashWindow   time.Duration
	crashesAtOnce int           // restarts without a pause within crashWindow
	crashesMax    int           // within crashWindow; one more is quarantine
	tryEvery      time.Duration // in quarantine
	strainedMax   time.Duration // how long memory may stay near its limit
	renewEvery    time.Duration // the least from one replacement to the next
}

func defaultPace() pace {
	return pace{
		healthEvery: 2 * time.Second, healthMax: 500 * time.Millisecond,
		crashWindow: time.Minute, crashesAtOnce: 5, crashesMax: 8, tryEvery: 5 * time.Minute,
		strainedMax: 2 * time.Minute, renewEvery: 30 * time.Minute,
	}
}
