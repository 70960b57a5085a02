package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/audit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/metrics"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/share"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/worker"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// serviceFlags say which service cancels are for.
type serviceFlags struct {
	BaseURL string `default:"https://api.withflex.com" env:"FLEX_BASE_URL" help:"URL of the service."`
	Mode    string `default:"test" enum:"test,live" env:"FLEX_MODE" help:"Mode of the cancels: test or live."`
}

// workerFlags are those of a worker. The API key is in FLEX_API_KEY.
type workerFlags struct {
	serviceFlags
	httpFlags
	Name        string        `help:"Name of this worker; its host and process otherwise."`
	Concurrency int           `default:"16" help:"Most cancels at a time."`
	Rate        int           `default:"0" help:"Most requests per second of all workers; 0 is no limit."`
	Timeout     time.Duration `default:"15s" help:"Deadline of one cancel."`
	AckWait     time.Duration `default:"60s" help:"How long the queue waits for a silent worker."`
	CAFile      string        `name:"flex-ca" type:"path" help:"PEM file of the authorities of Flex's certificate."`
	Audit       string        `type:"path" help:"File of JSON lines, one for each result and each act."`
}

const apiKey = "FLEX_API_KEY"

func (f *workerFlags) check() error {
	switch {
	case f.Concurrency < 1 || f.Concurrency > 256:
		return usage(errors.New("--concurrency: expected 1 to 256"))
	case f.Rate < 0 || f.Rate > 10_000:
		return usage(errors.New("--rate: expected 0 to 10000"))
	case f.AckWait < time.Second:
		return usage(errors.New("--ack-wait: expected at least 1s"))
	case f.PageToken != "" && f.Audit == "":
		return usage(errors.New("--page-token: expected --audit, too: it has who did what"))
	}
	return f.httpFlags.check()
}

// client is that of the API key.
func (f *workerFlags) client() (*flexcancel.Client, error) {
	return flexcancel.New(flexcancel.Config{
		APIKeyEnv: apiKey, BaseURL: f.BaseURL, Mode: f.Mode, CAFile: f.CAFile, Timeout: f.Timeout,
		RatePerSecond: f.Rate,
	})
}

// deliver runs a worker until the context ends.
func (f *workerFlags) deliver(e *environment, js jetstream.JetStream, replicas int) error {
	if err := f.check(); err != nil {
		return err
	}
	client, err := f.client()
	if err != nil {
		return err
	}
	defer client.Close()
	var found *queue.Queue
	err = connect.Ready(e, e.logger, func(ctx context.Context) (err error) {
		if replicas > 0 {
			if err := streams.Ensure(ctx, js, replicas); err != nil {
				return err
			}
		}
		found, err = queue.Open(ctx, js)
		return err
	})
	if err != nil {
		return err
	}
	if !connect.IsSynced(js.Conn()) {
		e.logger.Warn("no server of the queue says that it syncs each write: see docs/FLEET.md")
	}
	seen := metrics.New()
	party := share.Join(js.Conn(), f.Mode, f.name(), float64(f.Rate), e.logger)
	told := worker.Observer{
		Result: seen.Result, Try: seen.Try, Orphan: seen.Orphan,
		Throttled: func(asked time.Duration) {
			seen.Throttled()
			party.Slow(asked)
		},
	}
	var log *audit.Log
	if f.Audit != "" {
		if log, err = audit.Open(f.Audit); err != nil {
			return err
		}
		defer log.Close()
		told.Result = func(r message.Result) {
			seen.Result(r)
			if err := log.Result(r); err != nil {
				e.logger.Error("a result is not in the audit file; the queue has it", "error", err)
			}
		}
	}
	pacer := worker.NewPacer(float64(f.Rate) / 10)
	made := worker.New(worker.Options{
		Queue: found, Client: client, Target: f.Mode, BaseURL: f.BaseURL, Mode: f.Mode, Name: f.name(),
		Concurrency: f.Concurrency, Timeout: f.Timeout, AckWait: f.AckWait,
		Pacer: pacer, Logger: e.logger, Told: told,
	})
	if f.HTTP != "" {
		running := parts{f, client, found, log, party, made, seen}
		stop, err := running.serve(e)
		if err != nil {
			return err
		}
		defer stop()
	}
	sharing, stop := context.WithCancel(context.WithoutCancel(e))
	defer stop()
	go func() {
		err := party.Run(sharing, func(perSecond float64, heldUntil time.Time) {
			pacer.Set(perSecond, heldUntil)
			seen.Rate(float64(f.Rate), perSecond)
		})
		if err != nil {
			e.logger.Error("the rate is not shared any more", "error", err)
		}
	}()
	go f.show(e, made, party, found, seen)
	return made.Run(e)
}

func (f *workerFlags) name() string {
	if f.Name != "" {
		return f.Name
	}
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// show keeps the gauges up to date.
func (f *workerFlags) show(
	e *environment, w *worker.Worker, party *share.Party, q *queue.Queue, m *metrics.Metrics,
) {
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	for {
		if counts, err := q.Counts(e, f.Mode); err == nil {
			m.Counts(counts, time.Now())
		}
		m.Worker(w.IsOpen(), party.Workers())
		select {
		case <-e.Done():
			return
		case <-ticker.C:
		}
	}
}

func ensure(js jetstream.JetStream, replicas int) func(context.Context) error {
	return func(ctx context.Context) error { return streams.Ensure(ctx, js, replicas) }
}

// workerCommand runs a worker.
type workerCommand struct {
	queueFlags
	workerFlags
}

// Run runs it until a signal.
func (c *workerCommand) Run(e *environment) error {
	if strings.TrimSpace(os.Getenv(apiKey)) == "" {
		return usage(fmt.Errorf("%s is not set", apiKey))
	}
	js, err := c.connect(e)
	if err != nil {
		return err
	}
	defer js.Conn().Close()
	return c.deliver(e, js, 0)
}

// runCommand runs the queue and a worker.
type runCommand struct {
	serverFlags
	workerFlags
}

// Run runs both until a signal: the worker ends first.
func (c *runCommand) Run(e *environment) error {
	if strings.TrimSpace(os.Getenv(apiKey)) == "" {
		return usage(fmt.Errorf("%s is not set", apiKey))
	}
	for _, it := range []struct {
		flag    *string
		without string
	}{
		{&c.HTTP, "127.0.0.1:8222"},
		{&c.Audit, filepath.Join(c.Dir, "audit.jsonl")},
		{&c.PageToken, filepath.Join(c.Dir, "page-token")},
		{&c.Retries, filepath.Join(c.Dir, "retries.db")},
	} {
		if *it.flag == "" {
			*it.flag = it.without
		}
	}
	started, err := c.start(e)
	if err != nil {
		return err
	}
	js, err := connect.Open(connect.Options{Embedded: started, Logger: e.logger})
	if err == nil {
		if err = connect.Announce(js.Conn()); err == nil {
			err = c.deliver(e, js, c.Replicas)
		}
		js.Conn().Close()
	}
	if stopped := started.Stop(); err == nil {
		err = stopped
	}
	return err
}
