// Package ours cancels with flexcancel's binding for Go.
package ours

import (
	"context"
	"fmt"

	"flexcancel.example/compare/contender"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

type client struct {
	flexcancel *flexcancel.Client
	sessionID  string
	// look is what the caller looks at.
	look func(*flexcancel.Result) error
}

// Outcome is what a back office needs.
func Outcome(result *flexcancel.Result) error {
	if result.Outcome != flexcancel.Canceled {
		return fmt.Errorf("expected canceled, found %v", result.Outcome)
	}
	return nil
}

// Session has the session read into its type.
func Session(result *flexcancel.Result) error {
	session, err := result.Session()
	if err != nil {
		return err
	}
	return contender.ExpectOpen(string(session.Status))
}

// Serve lets a client of flexcancel's compete.
func Serve(look func(*flexcancel.Result) error) {
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
	result, err := client.flexcancel.Cancel(context.Background(), client.sessionID)
	if err != nil {
		return err
	}
	return client.look(result)
}

func (client *client) Close() { client.flexcancel.Close() }
