// Package server embeds the queue: a NATS server with JetStream that syncs each write.
package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
)

const (
	maxStore  = 8 << 30
	maxMemory = 64 << 20
	// startTime is how long a server may take to be ready; it reads what it has stored.
	startTime = 2 * time.Minute
)

// Options are those of an embedded server.
type Options struct {
	// Dir is where the queue is.
	Dir string
	// Listen is HOST:PORT for clients of other processes; empty for none.
	Listen string
	// CertFile and KeyFile are the server's certificate; UsersFile has its users.
	CertFile, KeyFile, UsersFile string
	// Cluster is that of three servers; nil for one alone.
	Cluster *Cluster
	Logger  *slog.Logger
}

// Cluster is how a server finds the others.
type Cluster struct {
	Name, ServerName, Listen string
	// Routes are those of all servers, like nats://127.0.0.1:6222.
	Routes []string
}

// Server is one that runs.
type Server struct {
	*nats.Server
	lock *os.File
}

// Start starts a server, and waits until it is ready. The directory must not be another server's.
func Start(o Options) (*Server, error) {
	options, err := o.native()
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	native, err := nats.NewServer(options)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	native.SetLoggerV2(logger{o.Logger}, false, false, false)
	native.Start()
	if !native.ReadyForConnections(startTime) {
		native.Shutdown()
		native.WaitForShutdown()
		return nil, errors.Join(errors.New("the queue's server did not get ready; its log says why"), lock.Close())
	}
	return &Server{native, lock}, nil
}

// Stop ends the server, and frees its directory.
func (s *Server) Stop() error {
	s.Shutdown()
	s.WaitForShutdown()
	return s.lock.Close()
}

func (o *Options) native() (*nats.Options, error) {
	options := &nats.Options{
		JetStream: true, StoreDir: o.Dir,
		// The engine's own default syncs every two minutes, and loses what it has acknowledged.
		SyncAlways: true,
		DontListen: o.Listen == "", NoSigs: true,
		JetStreamMaxStore: maxStore, JetStreamMaxMemory: maxMemory,
	}
	isAbroad := false
	if o.Listen != "" {
		var err error
		if options.Host, options.Port, err = split(o.Listen); err != nil {
			return nil, err
		}
		isAbroad = !isLoopback(options.Host)
	}
	if o.Cluster != nil {
		if err := o.Cluster.apply(options); err != nil {
			return nil, err
		}
		isAbroad = isAbroad || !isLoopback(options.Cluster.Host)
	}
	if isAbroad && (o.CertFile == "" || o.KeyFile == "" || o.UsersFile == "") {
		return nil, errors.New("off loopback, TLS and users are required: --cert, --key and --users")
	}
	if o.CertFile != "" || o.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		options.TLS = true
		options.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		options.TLSTimeout = 5
	}
	if o.UsersFile != "" {
		users, err := readUsers(o.UsersFile)
		if err != nil {
			return nil, err
		}
		options.Users = users
	}
	return options, nil
}

func (c *Cluster) apply(options *nats.Options) error {
	host, port, err := split(c.Listen)
	if err != nil {
		return err
	}
	if !isLoopback(host) {
		return errors.New("a cluster off loopback: run nats-server itself, with TLS between its nodes")
	}
	options.ServerName = c.ServerName
	options.Cluster = nats.ClusterOpts{Name: c.Name, Host: host, Port: port}
	for _, route := range c.Routes {
		at, err := url.Parse(route)
		if err != nil {
			return fmt.Errorf("route: %w", err)
		}
		options.Routes = append(options.Routes, at)
	}
	return nil
}

func split(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%q: expected HOST:PORT", address)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%q: expected HOST:PORT", address)
	}
	if port == 0 {
		return host, nats.RANDOM_PORT, nil
	}
	return host, int(port), nil
}

// isLoopback is false of a name that is not known to be this machine, and of no name: that is all.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
