// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

func byHand(_ context.Context, t *backendtest.T, r *trial) {
	p, first, err := spawn(r.program, "", nil)
	if !t.Expect(err == nil, "a program that can be started", fmt.Sprint(err)) {
		return
	}
	r.saids = append(r.saids, p.said)
	ended := p.gone(askMax)
	kill(p.cmd)
	<-p.ended
	_ = p.lifeline.Close()
	line := <-first
	t.Exchange("a start without the variable CARTAGE_PLUGIN", fmt.Sprintf("%s; on stderr: %s", p.state, p.said.lastWords()))
	if !t.Expect(ended, fmt.Sprintf("an end within %s", askMax), "it goes on") {
		return
	}
	t.Expect(p.state.ExitCode() == 1, "exit status 1", p.state.String())
	t.Expect(strings.TrimSpace(p.said.lastWords()) != "", "words on stderr", "nothing")
	t.Expect(line == "" && p.said.saidOnStdout() == "", "nothing on stdout", line+p.said.saidOnStdout())
}

func starts(ctx context.Context, t *backendtest.T, r *trial) {
	began := time.Now()
	r.fresh(ctx, t, func(*process) {
		t.Exchange("a start as a host does it", fmt.Sprintf("ready after %s", time.Since(began).Round(time.Millisecond)))
	})
}

func encrypts(ctx context.Context, t *backendtest.T, r *trial) {
	r.fresh(ctx, t, func(p *process) {
		stranger, err := newIdentity()
		if !t.Expect(err == nil, "a certificate", fmt.Sprint(err)) {
			return
		}
		without, err := p.handshake.credentials()
		if !t.Expect(err == nil, "credentials", fmt.Sprint(err)) {
			return
		}
		another, _ := p.handshake.credentials(stranger.certificate)
		for _, who := range []struct {
			name string
			as   credentials.TransportCredentials
		}{{"in the clear", insecure.NewCredentials()}, {"without a certificate", without}, {"with a stranger's certificate", another}} {
			err := knock(ctx, p.handshake.address, who.as)
			t.Exchange("a call "+who.name, fmt.Sprint(err))
			t.Expect(err != nil, "no answer to a call "+who.name, "an answer")
		}
	})
}

// knock asks for the health of whoever listens at the socket.
func knock(ctx context.Context, address string, as credentials.TransportCredentials) error {
	conn, err := grpc.NewClient("unix:"+address, grpc.WithTransportCredentials(as))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	_, err = grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	return err
}

// semver is https://semver.org 2.0.0, its own suggested expression.
var semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(\+([0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*))?$`)

// described is the answer to Describe as it came.
func described(ctx context.Context, t *backendtest.T, p *process) (*protocolv1.DescribeResponse, bool) {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	d, err := protocolv1.NewLifecycleClient(p.conn).Describe(ctx, &protocolv1.DescribeRequest{})
	came := fmt.Sprint(err)
	if err == nil {
		came = fmt.Sprintf("%s %s; services %v; keyed writes %t, read back %t, demo %t, %d bytes of schema", d.GetName(), d.GetVersion(), d.GetServices(), d.GetKeyedWrites(), d.GetReadBack(), d.GetDemo(), len(d.GetSettingsSchema()))
	}
	t.Exchange("Lifecycle.Describe", came)
	return d, t.Expect(err == nil, "a description", came)
}

func describes(ctx context.Context, t *backendtest.T, r *trial) {
	r.fresh(ctx, t, func(p *process) {
		d, ok := described(ctx, t, p)
		if !ok {
			return
		}
		t.Expect(d.GetName() != "", "a name", "none")
		t.Expect(semver.MatchString(d.GetVersion()), "a semantic version such as 1.2.3", "the version "+d.GetVersion())
		t.Expect(len(d.GetServices()) > 0, "at least one service beside Lifecycle", "none")
		for i, s := range d.GetServices() {
			t.Expect(strings.HasPrefix(s, "cartage.plugin.v") && !slices.Contains(d.GetServices()[:i], s), "the full name of a service of this protocol, once each", s)
		}
		t.Expect(slices.ContainsFunc(d.GetServices(), func(s string) bool { return knownServices()[s] != "" }), "a service that this host knows", fmt.Sprint(d.GetServices()))
	})
}

func describesAlike(ctx context.Context, t *backendtest.T, r *trial) {
	var all []string
	for range 2 {
		r.fresh(ctx, t, func(p *process) {
			if d, ok := described(ctx, t, p); ok {
				all = append(all, d.String())
			}
		})
	}
	t.Expect(len(all) < 2 || all[0] == all[1], "the same description from another process", "another")
}

// knownServices are the services of ports, each with a method to try.
func knownServices() map[string]string {
	return map[string]string{
		protocolv1.Carts_ServiceDesc.ServiceName:    protocolv1.Carts_Get_FullMethodName,
		protocolv1.Checkout_ServiceDesc.ServiceName: protocolv1.Checkout_HandOff_FullMethodName,
		protocolv1.Orders_ServiceDesc.ServiceName:   protocolv1.Orders_ByReference_FullMethodName,
		protocolv1.Loyalty_ServiceDesc.ServiceName:  protocolv1.Loyalty_Points_FullMethodName,
	}
}
