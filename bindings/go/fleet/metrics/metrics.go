// Package metrics counts what a fleet does, for Prometheus. No label holds a session.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
)

// Metrics are those of one process.
type Metrics struct {
	registry                         *prometheus.Registry
	pending, oldest, worklist, store prometheus.Gauge
	paused, breaker, limit, share    prometheus.Gauge
	workers                          prometheus.Gauge
	results                          *prometheus.CounterVec
	tries, throttled, orphans        prometheus.Counter
	calls                            prometheus.Histogram
}

// New makes them, all zero.
func New() *Metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string) prometheus.Gauge {
		made := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "flexcancel_fleet", Name: name, Help: help})
		registry.MustRegister(made)
		return made
	}
	counter := func(name, help string) prometheus.Counter {
		made := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "flexcancel_fleet", Name: name, Help: help})
		registry.MustRegister(made)
		return made
	}
	m := &Metrics{
		registry:  registry,
		pending:   gauge("pending", "Cancels on the queue."),
		oldest:    gauge("oldest_pending_seconds", "Age of the oldest cancel on the queue."),
		worklist:  gauge("worklist", "Entries that a person has to look at."),
		store:     gauge("store_bytes", "Size of the streams."),
		paused:    gauge("paused", "1 while a person has paused the delivery."),
		breaker:   gauge("breaker_open", "1 while this worker cannot reach Flex."),
		limit:     gauge("rate_limit", "Configured requests per second of all workers; 0 is no limit."),
		share:     gauge("rate_share", "Requests per second that this worker may make; 0 is no limit."),
		workers:   gauge("workers", "Workers that this worker knows of, itself included."),
		tries:     counter("tries_total", "Calls of this worker."),
		throttled: counter("throttled_total", "Calls of this worker that ended with a 429."),
		orphans:   counter("orphans", "Cancels that the queue had forgotten, found by this worker."),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "flexcancel_fleet", Name: "results_total", Help: "Results of this worker.",
		}, []string{"outcome", "code"}),
		calls: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "flexcancel_fleet", Name: "call_seconds", Help: "Duration of the calls of this worker.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 13),
		}),
	}
	registry.MustRegister(m.results, m.calls)
	return m
}

// Handler serves them.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Result counts a result.
func (m *Metrics) Result(r message.Result) {
	m.results.WithLabelValues(r.Outcome.String(), r.Code.String()).Inc()
}

// ResultCount is how many results there are of a kind.
type ResultCount struct {
	Outcome, Code string
	Count         uint64
}

// Results are those that were counted, in the order of their names.
func (m *Metrics) Results() []ResultCount {
	families, err := m.registry.Gather()
	if err != nil {
		return nil
	}
	var counts []ResultCount
	for _, family := range families {
		if family.GetName() != "flexcancel_fleet_results_total" {
			continue
		}
		for _, it := range family.GetMetric() {
			count := ResultCount{Count: uint64(it.GetCounter().GetValue())}
			for _, label := range it.GetLabel() {
				if label.GetName() == "outcome" {
					count.Outcome = label.GetValue()
				} else {
					count.Code = label.GetValue()
				}
			}
			counts = append(counts, count)
		}
	}
	return counts
}

// Try counts a call.
func (m *Metrics) Try(took time.Duration) {
	m.tries.Inc()
	m.calls.Observe(took.Seconds())
}

// Throttled counts a 429.
func (m *Metrics) Throttled() { m.throttled.Inc() }

// Orphan counts a cancel that the queue had forgotten.
func (m *Metrics) Orphan() { m.orphans.Inc() }

// Counts shows what the queue has.
func (m *Metrics) Counts(counts queue.Counts, now time.Time) {
	m.pending.Set(float64(counts.Pending))
	m.worklist.Set(float64(counts.Worklist))
	m.store.Set(float64(counts.StoreBytes))
	m.paused.Set(number(counts.Paused))
	age := 0.0
	if !counts.Oldest.IsZero() {
		age = max(now.Sub(counts.Oldest).Seconds(), 0)
	}
	m.oldest.Set(age)
}

// Worker shows the state of this worker.
func (m *Metrics) Worker(isOpen bool, workers int) {
	m.breaker.Set(number(isOpen))
	m.workers.Set(float64(workers))
}

// Rate shows the rate of all workers, and this worker's share; 0 is no limit.
func (m *Metrics) Rate(limit, share float64) {
	m.limit.Set(limit)
	m.share.Set(share)
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
