package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/audit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/forwarder"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/metrics"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/page"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/person"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/share"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/worker"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// httpFlags say what a worker serves, and to whom.
type httpFlags struct {
	HTTP      string `name:"http" help:"HOST:PORT of /metrics, /healthz and the status page, on loopback."`
	PageToken string `type:"path" help:"File of the token that the status page asks for; made if it is not there. Without it there is no page."`
	Retries   string `type:"path" help:"Outbox that keeps the cancels which a person repeats on the status page."`
}

func (f *httpFlags) check() error {
	switch {
	case f.PageToken != "" && f.HTTP == "":
		return usage(errors.New("--page-token: expected --http, too"))
	case f.Retries != "" && f.PageToken == "":
		return usage(errors.New("--retries: expected --page-token, too"))
	}
	return nil
}

// parts are those of a worker that runs.
type parts struct {
	flags   *workerFlags
	client  *flexcancel.Client
	queue   *queue.Queue
	audit   *audit.Log
	party   *share.Party
	worker  *worker.Worker
	metrics *metrics.Metrics
}

// serve serves over HTTP until what it gives is called.
func (p *parts) serve(e *environment) (stop func(), err error) {
	f := p.flags
	host, _, err := net.SplitHostPort(f.HTTP)
	if err != nil || net.ParseIP(host) == nil || !net.ParseIP(host).IsLoopback() {
		return nil, usage(errors.New("--http: expected a loopback address like 127.0.0.1:8222"))
	}
	routes := http.NewServeMux()
	routes.Handle("GET /metrics", p.metrics.Handler())
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	closePage := func() {}
	if f.PageToken != "" {
		var shown http.Handler
		if shown, closePage, err = p.page(e); err != nil {
			return nil, err
		}
		routes.Handle("/", shown)
	}
	listener, err := net.Listen("tcp", f.HTTP)
	if err != nil {
		closePage()
		return nil, err
	}
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			e.logger.Error("nothing is served over HTTP any more", "error", err)
		}
	}()
	if f.PageToken != "" {
		fmt.Printf("status page on http://%s/, with the token in %s\n", listener.Addr(), f.PageToken)
	}
	fmt.Printf("metrics on http://%s/metrics\n", listener.Addr())
	return func() {
		_ = server.Close()
		closePage()
	}, nil
}

// page is the status page. What a person repeats on it is handed to the queue until it is closed.
func (p *parts) page(e *environment) (shown http.Handler, closePage func(), err error) {
	token, err := page.Token(p.flags.PageToken)
	if err != nil {
		return nil, nil, err
	}
	closePage = func() {}
	var outbox *flexcancel.Outbox
	if p.flags.Retries != "" {
		if outbox, err = p.client.OpenOutbox(p.flags.Retries); err != nil {
			return nil, nil, err
		}
		closePage = p.forward(e, outbox)
	}
	return page.Handler(page.Options{
		Target: p.flags.Mode, Token: token, Acts: &person.Acts{Queue: p.queue, Audit: p.audit},
		Retries: outbox, Worker: p.state, Logger: e.logger,
	}), closePage, nil
}

// forward hands the entries of an outbox to the queue until what it gives is called.
func (p *parts) forward(e *environment, outbox *flexcancel.Outbox) (stop func()) {
	// Longer than the signal that ends the worker: what is done meanwhile is settled.
	ctx, cancel := context.WithCancel(context.WithoutCancel(e))
	var running sync.WaitGroup
	running.Go(func() {
		err := forwarder.New(forwarder.Options{
			Outbox: outbox, Queue: p.queue, Till: p.flags.name(), Target: p.flags.Mode,
			Lease: 15 * time.Minute, Every: time.Second, Logger: e.logger,
		}).Run(ctx)
		if err != nil {
			e.logger.Error("what is repeated is not handed to the queue any more", "error", err)
		}
	})
	return func() {
		cancel()
		running.Wait()
		_ = outbox.Close()
	}
}

// state is what the status page shows of the worker.
func (p *parts) state() page.Worker {
	perSecond, heldUntil := p.party.Rate()
	return page.Worker{
		Name: p.flags.name(), Limit: float64(p.flags.Rate), Share: perSecond, Workers: p.party.Workers(),
		HeldUntil: heldUntil, IsOutOfReach: p.worker.IsOpen(), Results: p.metrics.Results(),
	}
}
