package main

import (
	"fmt"
	"strings"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/server"
)

// serverFlags are those of an embedded queue.
type serverFlags struct {
	Dir    string `default:"./fleet-data" type:"path" help:"Directory of the queue."`
	Listen string `default:"127.0.0.1:4222" help:"HOST:PORT for other processes, or none. Off loopback, --cert, --key and --users are required."`
	Cert   string `type:"path" help:"PEM file of the server's certificate."`
	Key    string `type:"path" help:"PEM file of its key."`
	Users  string `type:"path" help:"File of lines NAME:ROLE:BCRYPT; the role is till or worker."`

	Replicas      int    `default:"1" enum:"1,3" help:"On how many servers each message is kept: 1 or 3."`
	Cluster       string `help:"Name of the cluster that this server is in."`
	ServerName    string `help:"Name of this server in its cluster."`
	ClusterListen string `help:"HOST:PORT for the other servers; on loopback only."`
	Routes        string `help:"URLs of all servers for one another, separated by commas."`
}

// start starts the queue.
func (f *serverFlags) start(e *environment) (*server.Server, error) {
	o := server.Options{
		Dir: f.Dir, Listen: f.Listen, CertFile: f.Cert, KeyFile: f.Key, UsersFile: f.Users, Logger: e.logger,
	}
	if f.Listen == "none" {
		o.Listen = ""
	}
	if f.Cluster != "" {
		o.Cluster = &server.Cluster{Name: f.Cluster, ServerName: f.ServerName, Listen: f.ClusterListen}
		if f.Routes != "" {
			o.Cluster.Routes = strings.Split(f.Routes, ",")
		}
	}
	started, err := server.Start(o)
	if err != nil {
		return nil, err
	}
	if o.Listen != "" {
		fmt.Printf("queue on %s\n", started.ClientURL())
	}
	return started, nil
}

// serverCommand runs the queue alone.
type serverCommand struct{ serverFlags }

// Run runs it until a signal.
func (c *serverCommand) Run(e *environment) error {
	started, err := c.start(e)
	if err != nil {
		return err
	}
	// Workers and tills make sure of nothing: the streams are the server's.
	js, err := connect.Open(connect.Options{Embedded: started, Logger: e.logger})
	if err == nil {
		err = connect.Announce(js.Conn())
	}
	if err == nil {
		err = connect.Ready(e, e.logger, ensure(js, c.Replicas))
		if err == nil || e.Err() != nil {
			<-e.Done()
			err = nil
		}
		js.Conn().Close()
	}
	if stopped := started.Stop(); err == nil {
		err = stopped
	}
	return err
}

// streamsCommand makes the streams on servers that are not this program's.
type streamsCommand struct {
	queueFlags
	Replicas int `default:"1" enum:"1,3" help:"On how many servers each message is kept: 1 or 3."`
}

// Run makes sure of them once. Their servers must sync each write: see docs/FLEET.md.
func (c *streamsCommand) Run(e *environment) error {
	js, err := c.connect(e)
	if err != nil {
		return err
	}
	defer js.Conn().Close()
	return connect.Ready(e, e.logger, ensure(js, c.Replicas))
}
