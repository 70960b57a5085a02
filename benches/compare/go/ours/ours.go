// Package ours cancels with flexcancel's binding for Go.
package ours

import (
	"context"
	"fmt"

	"flexcancel.example/compare/contender"
	"github.com/flexcancel/flexcancel/bindings/go"
)

type client struct {
	flexcancel *flexcancel.Client
	sessionID  string
	// look is what the caller looks at.
	look func(*flexcancel.Cancellation) error
}

// Outcome is what a back office needs.
func Outcome(cancellation *flexcancel.Cancellation) error {
	if cancellation.Outcome != flexcancel.Canceled {
		return fmt.Errorf("expected canceled, found %v", cancellation.Outcome)
	}
	return nil
}

// Session has the session read into its type.
func Session(cancellation *flexcancel.Cancellation) error {
	session, err := cancellation.Session()
	if err != nil {
		return err
	}
	return contender.ExpectOpen(string(session.Status))
}

// Serve lets a client of flexcancel's compete.
func Serve(look func(*flexcancel.Cancellation) error) {
	contender.Serve(func(target contender.Target) (contender.Client, error) {
		made, err := flexcancel.New(flexcancel.Config{
			APIKey:  target.Key,
			BaseURL: target.URL,
			CAFile:  target.CAFile,
		})
		return &client{made, target.SessionID, look}, err
	})
}

func (client *client) Call() error {
	cancellation, err := client.flexcancel.Cancel(context.Background(), client.sessionID)
	if err != nil {
		return err
	}
	return client.look(cancellation)
}

func (client *client) Close() { client.flexcancel.Close() }
