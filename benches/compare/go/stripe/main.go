// Command stripe expires a checkout session with stripe-go.
package main

import (
	"context"
	"net/http"

	"flexcancel.example/compare/contender"
	"github.com/stripe/stripe-go/v86"
)

type client struct {
	http      *http.Client
	stripe    *stripe.Client
	sessionID string
}

func newClient(target contender.Target) (contender.Client, error) {
	http, err := contender.HTTPClient(target)
	if err != nil {
		return nil, err
	}
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL:           stripe.String(target.URL),
		HTTPClient:    http,
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelError},
	})
	made := stripe.NewClient(target.Key, stripe.WithBackends(backends))
	return &client{http: http, stripe: made, sessionID: target.SessionID}, nil
}

// Call leaves the idempotency key to the library.
func (client *client) Call() error {
	sessions := client.stripe.V1CheckoutSessions
	session, err := sessions.Expire(context.Background(), client.sessionID, nil)
	if err != nil {
		return err
	}
	return contender.ExpectOpen(string(session.Status))
}

func (client *client) Close() { client.http.CloseIdleConnections() }

func main() { contender.Serve(newClient) }
