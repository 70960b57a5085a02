// Package contender is what the contenders in Go share: commands in, latencies out, as
// ../../contenders/contender.h describes them. A "thread" is a goroutine.
package contender

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	warmUpCalls = 20
	// MostThreads is for how many goroutines a client keeps connections.
	MostThreads = 256
)

// Target is what a client is made for.
type Target struct {
	URL       string
	CAFile    string // empty: the trust that a client has by default
	Key       string
	SessionID string
}

// Client cancels once for each Call, which checks the answer. Goroutines share it.
type Client interface {
	Call() error
	Close()
}

// New makes a client.
type New func(Target) (Client, error)

// Serve answers commands until the input ends.
func Serve(newClient New) {
	if len(os.Args) != 6 {
		die(fmt.Errorf("expected PLAIN_URL TLS_URL CA_FILE API_KEY SESSION_ID"))
	}
	target := Target{URL: os.Args[2], Key: os.Args[4], SessionID: os.Args[5]}
	first, err := newClient(target)
	check(err)
	fmt.Println("ready")
	first.Close()

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var mode, scheme string
		var threads, calls, budgetMS int
		_, err := fmt.Sscan(lines.Text(), &mode, &scheme, &threads, &calls, &budgetMS)
		check(err)
		target.URL, target.CAFile = os.Args[1], ""
		if scheme == "tls" {
			target.URL, target.CAFile = os.Args[2], os.Args[3]
		}
		budget := time.Duration(budgetMS) * time.Millisecond
		measure(newClient, target, mode == "warm", threads, calls, budget)
	}
}

func measure(newClient New, target Target, isWarm bool, threads, calls int, budget time.Duration) {
	call := func() {
		client, err := newClient(target)
		check(err)
		check(client.Call())
		client.Close()
	}
	warmUps := 1
	if isWarm {
		client, err := newClient(target)
		check(err)
		defer client.Close()
		call = func() { check(client.Call()) }
		warmUps = warmUpCalls
	}
	latencies := make([][]int64, threads)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(threads)
	for at := range threads {
		done.Go(func() {
			for range warmUps {
				call()
			}
			own := make([]int64, 0, calls)
			ready.Done()
			<-begin
			started := time.Now()
			for end := started.Add(budget); len(own) < calls && started.Before(end); {
				call()
				now := time.Now()
				own = append(own, now.Sub(started).Nanoseconds())
				started = now
			}
			latencies[at] = own
		})
	}
	ready.Wait()
	cpu, started := cpuTime(), time.Now()
	close(begin)
	done.Wait()
	wall := time.Since(started)
	report(cpuTime()-cpu, wall, latencies)
}

func report(cpu, wall time.Duration, latencies [][]int64) {
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprint(out, cpu.Nanoseconds(), " ", wall.Nanoseconds())
	for _, own := range latencies {
		for _, latency := range own {
			fmt.Fprint(out, " ", latency)
		}
	}
	fmt.Fprintln(out)
	check(out.Flush())
}

func cpuTime() time.Duration {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// HTTPClient is what a program with many goroutines is told to use: a transport that keeps a
// connection for each of them. The default one keeps two.
func HTTPClient(target Target) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = MostThreads
	transport.MaxIdleConnsPerHost = MostThreads
	if target.CAFile != "" {
		pem, err := os.ReadFile(target.CAFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate", target.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &http.Client{Transport: transport, Timeout: 15 * time.Second}, nil
}

// ExpectOpen checks the status that the server's fixed answer has.
func ExpectOpen(status string) error {
	if status != "open" {
		return fmt.Errorf("expected the status open, found %q", status)
	}
	return nil
}

func check(err error) {
	if err != nil {
		die(err)
	}
}

func die(err error) {
	fmt.Fprintln(os.Stderr, "contender:", err)
	os.Exit(1)
}
