// Command flexcancel cancels with flexcancel's binding for Go.
package main

import (
	"context"

	"flexcancel.example/compare/contender"
	"github.com/flexcancel/flexcancel/bindings/go"
)

type client struct {
	flexcancel *flexcancel.Client
	sessionID  string
}

func newClient(target contender.Target) (contender.Client, error) {
	made, err := flexcancel.New(flexcancel.Config{
		APIKey:  target.Key,
		BaseURL: target.URL,
		CAFile:  target.CAFile,
	})
	return &client{flexcancel: made, sessionID: target.SessionID}, err
}

func (client *client) Call() error {
	cancellation, err := client.flexcancel.Cancel(context.Background(), client.sessionID)
	if err != nil {
		return err
	}
	session, err := cancellation.Session()
	if err != nil {
		return err
	}
	return contender.ExpectOpen(string(session.Status))
}

func (client *client) Close() { client.flexcancel.Close() }

func main() { contender.Serve(newClient) }
