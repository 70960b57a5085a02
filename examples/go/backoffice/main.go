// Command backoffice is a void service for a back office: HTTP in front of an outbox.
//
//	backoffice OUTBOX_FILE
//
//	POST /sessions/{id}/void   voids a sale: 200 voided, 202 pending, 409 too late,
//	                           422 not voided, 400 no usable id, 503 the file cannot be used
//	GET  /voids                how many voids are pending, and what a person must look at
//	POST /voids/{entry}/seen   a person has looked
//
// A void is in the file before anything is sent. What is pending is delivered every half minute.
// A caller that hangs up ends the attempt, not the void. SIGTERM lets calls under way end.
//
// Environment: FLEX_API_KEY (required), FLEX_BASE_URL (Flex itself, if it is not set),
// BACKOFFICE_ADDR (127.0.0.1:8090). It asks nobody who they are: keep it on loopback, or put it
// behind something that does. It logs to stderr.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

const (
	deliverEvery = 30 * time.Second
	callTimeout  = 10 * time.Second
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(log, os.Args[1:]); err != nil {
		log.Error("the service ends", "error", err)
		os.Exit(1)
	}
}

func run(log *slog.Logger, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: FLEX_API_KEY=... backoffice OUTBOX_FILE")
	}
	baseURL, ok := os.LookupEnv("FLEX_BASE_URL")
	switch {
	case !ok:
		log.Warn("FLEX_BASE_URL is not set: this calls Flex itself")
	case baseURL == "":
		return errors.New("FLEX_BASE_URL: expected https://HOST[:PORT][/PATH], found nothing")
	}
	client, err := flexcancel.New(flexcancel.Config{APIKeyEnv: "FLEX_API_KEY", BaseURL: baseURL})
	if err != nil {
		return err
	}
	defer client.Close()
	outbox, err := client.OpenOutbox(args[0])
	if err != nil {
		return err
	}
	defer outbox.Close()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return serve(ctx, &service{outbox, log, callTimeout})
}

// serve serves until the context ends, and returns when no call is under way any more.
func serve(ctx context.Context, service *service) error {
	addr := os.Getenv("BACKOFFICE_ADDR")
	if addr == "" {
		addr = "127.0.0.1:8090"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	service.log.Info("listening", "url", "http://"+listener.Addr().String())
	server := http.Server{Handler: service.routes(), ReadHeaderTimeout: 5 * time.Second}
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		service.deliverOften(ctx)
	}()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// No call takes longer, so that no answer is lost.
	patience, cancel := context.WithTimeout(context.Background(), service.timeout+time.Second)
	defer cancel()
	err = server.Shutdown(patience)
	<-delivered
	return err
}
