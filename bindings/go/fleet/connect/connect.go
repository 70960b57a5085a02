// Package connect connects to the queue, and stays connected.
package connect

import (
	"context"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/server"
)

// Options are those of a connection.
type Options struct {
	// URL is that of the queue's servers; Embedded is one of this process, in its place.
	URL      string
	Embedded *server.Server
	// CAFile has the authorities of the servers' certificates; User and Password are this client's.
	CAFile, User, Password string
	Logger                 *slog.Logger
}

// Open gives a connection that is made again for as long as it takes. It may not be there yet.
func Open(o Options) (jetstream.JetStream, error) {
	options := []nats.Option{
		nats.Name("flexcancel-fleet"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, time.Second),
		// What is published while the queue is away must fail, and not wait in memory.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				o.Logger.Warn("the queue is away", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { o.Logger.Info("the queue is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			o.Logger.Warn("the queue reports an error", "error", err)
		}),
	}
	if o.User != "" {
		options = append(options, nats.UserInfo(o.User, o.Password))
	}
	if o.CAFile != "" {
		options = append(options, nats.RootCAs(o.CAFile))
	}
	url := o.URL
	if o.Embedded != nil {
		url = ""
		options = append(options, nats.InProcessServer(o.Embedded))
	}
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return nil, err
	}
	return jetstream.New(conn)
}

// Ready waits until an operation succeeds: the queue is there, and its streams are.
func Ready(ctx context.Context, logger *slog.Logger, do func(context.Context) error) error {
	for told := false; ; {
		trying, stop := context.WithTimeout(ctx, 5*time.Second)
		err := do(trying)
		stop()
		if err == nil {
			return nil
		}
		if !told {
			logger.Warn("waiting for the queue", "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(500 * time.Millisecond):
		}
	}
}
