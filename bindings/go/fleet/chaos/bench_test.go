package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/sandbox"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/worker"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

// The figures of docs/FLEET.md. Each benchmark is one run:
//
//	go test -run '^$' -bench . -benchtime 1x ./chaos

// BenchmarkEnqueue compares publishing with what the disk can sync.
func BenchmarkEnqueue(b *testing.B) {
	const cancels, publishers, writes = 4000, 16, 500
	for b.Loop() {
		file, err := os.Create(filepath.Join(b.TempDir(), "writes"))
		kit.OK(b, err)
		line := make([]byte, 512)
		began := time.Now()
		for range writes {
			_, err := file.Write(line)
			kit.OK(b, errors.Join(err, syscall.Fdatasync(int(file.Fd()))))
		}
		disk := writes / time.Since(began).Seconds()
		kit.OK(b, file.Close())

		q := kit.Queue(b)
		began = time.Now()
		var group sync.WaitGroup
		for range publishers {
			group.Go(func() {
				for range cancels / publishers {
					c := kit.Cancel(b, "fcs_0")
					c.SessionID = "fcs_" + c.Entry
					if err := q.Publish(b.Context(), c); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		rate := cancels / time.Since(began).Seconds()
		b.ReportMetric(disk, "disk-syncs/s")
		b.ReportMetric(rate, "published/s")
		b.ReportMetric(rate/disk, "of-disk")
	}
}

// BenchmarkDelivery measures how many cancels of held sessions one worker delivers, without a limit.
func BenchmarkDelivery(b *testing.B) {
	const cancels = 2000
	for b.Loop() {
		q := kit.Queue(b)
		for range cancels {
			kit.OK(b, q.Publish(b.Context(), kit.Cancel(b, kit.Held(b))))
		}
		var results atomic.Int64
		ctx, stop := context.WithCancel(b.Context())
		began := time.Now()
		err := worker.New(worker.Options{
			Queue: q, Client: kit.Client(b), Target: kit.Target, BaseURL: kit.Sandbox(b).URL, Mode: "test",
			Name: "w", Concurrency: 16, Timeout: 5 * time.Second, AckWait: 30 * time.Second,
			Pacer: worker.NewPacer(0), Logger: kit.Quiet,
			Told: worker.Observer{Result: func(message.Result) {
				if results.Add(1) == cancels {
					stop()
				}
			}},
		}).Run(ctx)
		stop()
		kit.OK(b, err)
		b.ReportMetric(cancels/time.Since(began).Seconds(), "delivered/s")
	}
}

// BenchmarkDelayedEntries measures how long entries that wait for their next try hold up a new one.
func BenchmarkDelayedEntries(b *testing.B) {
	const delayed = 20_000
	for b.Loop() {
		js := fill(b, b.TempDir(), delayed)
		consumer, err := streams.EnsureConsumer(b.Context(), js, kit.Target, time.Minute)
		kit.OK(b, err)
		for seen := 0; seen < delayed; {
			batch, err := consumer.Fetch(min(500, delayed-seen))
			kit.OK(b, err)
			for m := range batch.Messages() {
				kit.OK(b, m.NakWithDelay(time.Hour))
				seen++
			}
			kit.OK(b, batch.Error())
		}
		c := kit.Cancel(b, "fcs_new")
		data, err := c.Encode()
		kit.OK(b, err)
		began := time.Now()
		_, err = js.Publish(b.Context(), c.Subject(), data)
		kit.OK(b, err)
		m, err := consumer.Next(jetstream.FetchMaxWait(time.Minute))
		kit.OK(b, err)
		if m.Subject() != c.Subject() {
			b.Errorf("expected the new one, found %s", m.Subject())
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-until-delivered")
	}
}

// BenchmarkStored measures the memory of a server and how long it takes to be back, with few and
// with many cancels on its disk.
func BenchmarkStored(b *testing.B) {
	for _, stored := range []int{20_000, 1_000_000} {
		b.Run(strconv.Itoa(stored), func(b *testing.B) {
			for b.Loop() {
				dir := b.TempDir()
				js := fill(b, dir, stored)
				js.Conn().Close()
				measure(b, dir, stored)
			}
		})
	}
}

// measure starts the program on a directory that is filled.
func measure(b *testing.B, dir string, stored int) {
	b.Helper()
	address := "127.0.0.1:" + kit.FreePort(b)
	p := process{
		name: "server", program: program(b), log: filepath.Join(b.TempDir(), "server.log"),
		arguments: []string{"server", "--dir", dir, "--listen", address},
	}
	began := time.Now()
	p.start(b)
	defer p.end(b)
	js, err := connect.Open(connect.Options{URL: "nats://" + address, Logger: kit.Quiet})
	kit.OK(b, err)
	defer js.Conn().Close()
	kit.OK(b, connect.Ready(b.Context(), kit.Quiet, func(ctx context.Context) error {
		stream, err := js.Stream(ctx, streams.Cancels)
		if err == nil && stream.CachedInfo().State.Msgs != uint64(stored) {
			b.Errorf("%d cancels are back", stream.CachedInfo().State.Msgs)
		}
		return err
	}))
	b.ReportMetric(time.Since(began).Seconds(), "s-until-back")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.running.Process.Pid))
	kit.OK(b, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	kit.OK(b, err)
	b.ReportMetric(float64(kib)/1024, "MiB-at-most")
}

// fill puts cancels on a queue's disk, without its syncs: that would take an hour for a million.
func fill(b *testing.B, dir string, count int) jetstream.JetStream {
	b.Helper()
	embedded, err := natsserver.NewServer(&natsserver.Options{
		JetStream: true, StoreDir: dir, DontListen: true, NoSigs: true, JetStreamMaxStore: 8 << 30,
		JetStreamMaxMemory: 64 << 20,
	})
	kit.OK(b, err)
	embedded.Start()
	if !embedded.ReadyForConnections(time.Minute) {
		b.Fatal("the server did not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(embedded), nats.ClosedHandler(func(*nats.Conn) {
		embedded.Shutdown()
	}))
	kit.OK(b, err)
	b.Cleanup(func() {
		conn.Close()
		embedded.WaitForShutdown()
	})
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(1000))
	kit.OK(b, err)
	kit.OK(b, streams.Ensure(b.Context(), js, 1))
	for i := range count {
		c := kit.Cancel(b, fmt.Sprintf("fcs_01J8ZQ5T6V7W8X9Y%010d", i))
		data, err := c.Encode()
		kit.OK(b, err)
		_, err = js.PublishAsync(c.Subject(), data)
		kit.OK(b, err)
	}
	<-js.PublishAsyncComplete()
	return js
}

// BenchmarkProviderAway counts what a worker tries while Flex cannot be reached.
func BenchmarkProviderAway(b *testing.B) {
	const pending, away = 5000, time.Minute
	for b.Loop() {
		q := kit.Queue(b)
		url := "http://127.0.0.1:" + kit.FreePort(b)
		var group sync.WaitGroup
		for part := range slices.Chunk(make([]struct{}, pending), pending/16) {
			group.Go(func() {
				for range part {
					c := kit.Cancel(b, "fcs_0")
					c.SessionID, c.BaseURL = "fcs_"+c.Entry, url
					if err := q.Publish(b.Context(), c); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		client, err := flexcancel.New(flexcancel.Config{APIKey: sandbox.Key, BaseURL: url})
		kit.OK(b, err)
		var tries atomic.Int64
		ctx, stop := context.WithTimeout(b.Context(), away)
		err = worker.New(worker.Options{
			Queue: q, Client: client, Target: kit.Target, BaseURL: url, Mode: "test", Name: "w", Concurrency: 16,
			Timeout: 5 * time.Second, AckWait: 30 * time.Second, Pacer: worker.NewPacer(0), Logger: kit.Quiet,
			Told: worker.Observer{Try: func(time.Duration) { tries.Add(1) }},
		}).Run(ctx)
		stop()
		kit.OK(b, errors.Join(err, client.Close()))
		b.ReportMetric(float64(tries.Load()), "tries")
	}
}
