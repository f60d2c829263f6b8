// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/cartage-dev/cartage/plugins/protocol"
)

// identity is our side of mutual TLS, for one process.
type identity struct {
	pem         string
	certificate tls.Certificate
}

func newIdentity() (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, fmt.Errorf("make a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, SerialNumber: big.NewInt(now.UnixNano()),
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return identity{}, fmt.Errorf("make a certificate: %w", err)
	}
	return identity{
		pem:         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}, nil
}

// credentials trust the plugin's certificate and no other. A stranger brings none of ours.
func (h handshake) credentials(certificates ...tls.Certificate) (credentials.TransportCredentials, error) {
	der, err := base64.RawStdEncoding.DecodeString(h.certificate)
	if err != nil {
		return nil, errors.New("the certificate in its handshake is not base64 without padding")
	}
	theirs, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("the certificate in its handshake cannot be read")
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(theirs)
	return credentials.NewTLS(&tls.Config{RootCAs: trusted, Certificates: certificates, ServerName: "localhost", MinVersion: tls.VersionTLS12}), nil
}

func dial(h handshake, self identity, measure stats.Handler) (*grpc.ClientConn, error) {
	trust, err := h.credentials(self.certificate)
	if err != nil {
		return nil, err
	}
	return grpc.NewClient("unix:"+h.address, grpc.WithTransportCredentials(trust), grpc.WithIdleTimeout(0), grpc.WithStatsHandler(measure),
		// What the plugin must refuse has to reach it, and what exceeds the limit must be seen.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(8*protocol.MessageMax), grpc.MaxCallSendMsgSize(8*protocol.MessageMax)))
}

// sizes remembers the largest answer.
type sizes struct{ largest atomic.Int64 }

var _ stats.Handler = (*sizes)(nil)

func (s *sizes) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (s *sizes) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (s *sizes) HandleConn(context.Context, stats.ConnStats)                       {}

func (s *sizes) HandleRPC(_ context.Context, event stats.RPCStats) {
	if in, ok := event.(*stats.InPayload); ok {
		for {
			before := s.largest.Load()
			if int64(in.Length) <= before || s.largest.CompareAndSwap(before, int64(in.Length)) {
				return
			}
		}
	}
}

// health asks as a host does every few seconds.
func (run *process) health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(run.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"}, grpc.WaitForReady(true))
	if err == nil && answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		err = fmt.Errorf("its health is %s", answer.GetStatus())
	}
	if err != nil {
		return fmt.Errorf("grpc.health.v1.Health, service plugin: %w", err)
	}
	return nil
}

// listen takes what the program prints once a library has put pipes in the place
// of stdout and stderr. A plugin may leave that service out.
func (run *process) listen() {
	ctx, stop := context.WithCancel(context.Background())
	run.stopStdio = stop
	run.readers.Go(func() {
		stream, err := run.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/plugin.GRPCStdio/StreamStdio")
		if err != nil {
			return
		}
		_ = errors.Join(stream.SendMsg(&emptypb.Empty{}), stream.CloseSend())
		for {
			chunk := &emptypb.Empty{} // the message is not ours: its fields are read as unknown ones
			if err := stream.RecvMsg(chunk); err != nil {
				return
			}
			run.said.add(&run.said.piped, printed(chunk.ProtoReflect().GetUnknown()))
		}
	})
}

// printed is the field data (2) of a plugin.StdioData.
func printed(message []byte) []byte {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil
		}
		if number == 2 && kind == protowire.BytesType {
			data, _ := protowire.ConsumeBytes(message[n:])
			return data
		}
		skip := protowire.ConsumeFieldValue(number, kind, message[n:])
		if skip < 0 {
			return nil
		}
		message = message[n+skip:]
	}
	return nil
}

// shutdown asks the process to end.
func (run *process) shutdown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	_ = run.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{}) // it may be gone before it answers
}
