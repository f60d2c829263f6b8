// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/secret"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// Description is what a plugin says of itself before it has settings.
type Description struct {
	Info  backend.Info
	Ports []backend.Port
	// SettingsSchema is a JSON Schema (2020-12), empty when the plugin gives none.
	SettingsSchema []byte
}

// Configuration is what a plugin is given, once in the life of its process.
type Configuration struct {
	Backend  string // the backend's name in the host's config, for messages
	Settings []byte // one JSON object
	Secrets  map[string]secret.Text
}

// LifecycleClient is the host's side of Lifecycle.
type LifecycleClient struct{ client protocolv1.LifecycleClient }

// NewLifecycle asks the plugin at the other end of conn.
func NewLifecycle(conn grpc.ClientConnInterface) *LifecycleClient {
	return &LifecycleClient{client: protocolv1.NewLifecycleClient(conn)}
}

// Describe asks what the plugin is. Services this host does not know are left out.
func (l *LifecycleClient) Describe(ctx context.Context) (Description, error) {
	answer, err := l.client.Describe(outgoing(ctx), &protocolv1.DescribeRequest{})
	if err != nil {
		return Description{}, FromStatus(err, false)
	}
	if answer.GetName() == "" || answer.GetVersion() == "" {
		return Description{}, badAnswer("the description has no name or version")
	}
	return Description{
		Info: backend.Info{
			Name: answer.GetName(), Version: answer.GetVersion(),
			KeyedWrites: answer.GetKeyedWrites(), ReadBack: answer.GetReadBack(), Demo: answer.GetDemo(),
		},
		Ports:          offeredPorts(answer.GetServices()),
		SettingsSchema: answer.GetSettingsSchema(),
	}, nil
}

// Configure hands over settings and secrets. It must not be repeated: a process that
// did not answer is replaced.
func (l *LifecycleClient) Configure(ctx context.Context, c Configuration) error {
	secrets := make(map[string]string, len(c.Secrets))
	for name, text := range c.Secrets {
		secrets[name] = text.Reveal()
	}
	_, err := l.client.Configure(outgoing(ctx), &protocolv1.ConfigureRequest{Settings: c.Settings, Secrets: secrets, Backend: c.Backend})
	return FromStatus(err, true)
}

// Check asks whether the commerce system can be reached. It may always be repeated.
func (l *LifecycleClient) Check(ctx context.Context) error {
	_, err := l.client.Check(outgoing(ctx), &protocolv1.CheckRequest{})
	return FromStatus(err, false)
}

// LifecycleServer is the plugin's side of Lifecycle.
type LifecycleServer interface {
	// Describe needs no settings.
	Describe(ctx context.Context) (Description, error)
	// Configure is called once; what is wrong with the settings is Invalid.
	Configure(ctx context.Context, c Configuration) error
	// Check is Unavailable when the commerce system cannot be reached, and
	// Unauthenticated or Denied when it refuses the credentials.
	Check(ctx context.Context) error
}

// RegisterLifecycle serves l on s.
func RegisterLifecycle(s grpc.ServiceRegistrar, l LifecycleServer) {
	protocolv1.RegisterLifecycleServer(s, lifecycleServer{lifecycle: l})
}

type lifecycleServer struct {
	protocolv1.UnimplementedLifecycleServer
	lifecycle LifecycleServer
}

func (s lifecycleServer) Describe(ctx context.Context, _ *protocolv1.DescribeRequest) (*protocolv1.DescribeResponse, error) {
	d, err := s.lifecycle.Describe(Incoming(ctx))
	if err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.DescribeResponse{
		Name: d.Info.Name, Version: d.Info.Version, Services: serviceNames(d.Ports),
		KeyedWrites: d.Info.KeyedWrites, ReadBack: d.Info.ReadBack, Demo: d.Info.Demo, SettingsSchema: d.SettingsSchema,
	}, nil
}

func (s lifecycleServer) Configure(ctx context.Context, req *protocolv1.ConfigureRequest) (*protocolv1.ConfigureResponse, error) {
	secrets := make(map[string]secret.Text, len(req.GetSecrets()))
	for name, text := range req.GetSecrets() {
		secrets[name] = secret.New(text)
	}
	err := s.lifecycle.Configure(Incoming(ctx), Configuration{Backend: req.GetBackend(), Settings: req.GetSettings(), Secrets: secrets})
	if err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.ConfigureResponse{}, nil
}

func (s lifecycleServer) Check(ctx context.Context, _ *protocolv1.CheckRequest) (*protocolv1.CheckResponse, error) {
	if err := s.lifecycle.Check(Incoming(ctx)); err != nil {
		return nil, ToStatus(err)
	}
	return &protocolv1.CheckResponse{}, nil
}
