package main

import (
	"context"
	"errors"
	"os"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
)

// queueFlags say where the queue is.
type queueFlags struct {
	Nats string `default:"nats://127.0.0.1:4222" env:"FLEET_NATS" help:"URL of the queue's servers, separated by commas."`
	CA   string `name:"ca" type:"path" help:"PEM file of the authorities of the servers' certificates; with tls:// in the URL."`
	User string `env:"FLEET_USER" help:"User of the queue; the password is in FLEET_PASSWORD."`
}

func (f *queueFlags) connect(e *environment) (jetstream.JetStream, error) {
	return connect.Open(connect.Options{
		URL: f.Nats, CAFile: f.CA, User: f.User, Password: os.Getenv("FLEET_PASSWORD"), Logger: e.logger,
	})
}

// once has a command do something with the queue, and closes the connection.
func (f *queueFlags) once(e *environment, do func(*queue.Queue) error) error {
	js, err := f.connect(e)
	if err != nil {
		return err
	}
	defer js.Conn().Close()
	var found *queue.Queue
	err = connect.Ready(e, e.logger, func(ctx context.Context) (err error) {
		found, err = queue.Open(ctx, js)
		return err
	})
	if err != nil {
		return err
	}
	return do(found)
}

// targetFlag says whose cancels a command is about.
type targetFlag struct {
	Target token `default:"test" env:"FLEET_TARGET" help:"Which cancels: those of the mode test or live."`
}

// token is the name of something on the queue, in an argument. No other text is taken: "*" would
// mean what nobody has named.
type token string

// UnmarshalText reads it.
func (t *token) UnmarshalText(text []byte) error {
	if !message.IsToken(string(text)) {
		return errors.New("expected 1 to 255 letters, digits, - and _")
	}
	*t = token(text)
	return nil
}

func (t token) String() string { return string(t) }
