package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/server"
	"golang.org/x/crypto/bcrypt"
)

func start(t *testing.T, o server.Options) (*server.Server, error) {
	t.Helper()
	o.Logger = kit.Quiet
	started, err := server.Start(o)
	if err == nil {
		t.Cleanup(func() { kit.OK(t, started.Stop()) })
	}
	return started, err
}

func TestGivenADirectoryOfAServerWhenAnotherStartsThenItIsRefused(t *testing.T) {
	dir := t.TempDir()
	first, err := server.Start(server.Options{Dir: dir, Logger: kit.Quiet})
	kit.OK(t, err)
	if _, err = start(t, server.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server on one directory: %v", err)
	}
	kit.OK(t, first.Stop())
	_, err = start(t, server.Options{Dir: dir})
	kit.OK(t, err)
}

func TestEachWriteIsSynced(t *testing.T) {
	started, err := start(t, server.Options{Dir: t.TempDir()})
	kit.OK(t, err)
	if config := started.JetStreamConfig(); !config.SyncAlways {
		t.Error("the server does not sync each write")
	}
}

func TestOffLoopbackTLSAndUsersAreRequired(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", ":0", "[::]:0", "till.example:0", "192.0.2.1:0"} {
		_, err := start(t, server.Options{Dir: t.TempDir(), Listen: listen})
		if err == nil || !strings.Contains(err.Error(), "TLS and users are required") {
			t.Errorf("%s: %v", listen, err)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "localhost:0"} {
		_, err := start(t, server.Options{Dir: t.TempDir(), Listen: listen})
		kit.OK(t, err)
	}
}

// users is a file of a till and a worker, whose passwords are their names.
func users(t *testing.T) string {
	t.Helper()
	var lines strings.Builder
	for _, name := range []string{"till", "worker"} {
		hash, err := bcrypt.GenerateFromPassword([]byte(name), bcrypt.MinCost)
		kit.OK(t, err)
		lines.WriteString(name + ":" + name + ":" + string(hash) + "\n")
	}
	path := filepath.Join(t.TempDir(), "users")
	kit.OK(t, os.WriteFile(path, []byte(lines.String()), 0o600))
	return path
}

func TestAServerThatListensToAllTakesOnlyUsersOverTLS(t *testing.T) {
	cert, key := kit.Certificate(t)
	// It listens on every address; the test comes over loopback, as everybody would.
	started, err := start(t, server.Options{
		Dir: t.TempDir(), Listen: "0.0.0.0:0", CertFile: cert, KeyFile: key, UsersFile: users(t),
	})
	kit.OK(t, err)
	url := strings.Replace(started.ClientURL(), "0.0.0.0", "127.0.0.1", 1)
	ca := nats.RootCAs(cert)
	if _, err := nats.Connect(url, ca); err == nil || !strings.Contains(err.Error(), "Authorization") {
		t.Errorf("without credentials: %v", err)
	}
	if _, err := nats.Connect(url, ca, nats.UserInfo("till", "wrong")); err == nil {
		t.Error("a wrong password was taken")
	}
	plain, err := nats.Connect(url, nats.UserInfo("till", "till"), nats.Timeout(2*time.Second))
	if err == nil {
		plain.Close()
		t.Error("a connection without a trusted certificate")
	}
	till, err := nats.Connect(url, ca, nats.UserInfo("till", "till"))
	kit.OK(t, err)
	till.Close()
}

func TestATillCannotWriteAResult(t *testing.T) {
	started, err := start(t, server.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", UsersFile: users(t)})
	kit.OK(t, err)
	refused := make(chan error, 1)
	till, err := nats.Connect(started.ClientURL(), nats.UserInfo("till", "till"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	kit.OK(t, err)
	defer till.Close()
	kit.OK(t, till.Publish("flex.result.test.fcs_1.entry", []byte("{}")))
	if err := <-refused; !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
		t.Error(err)
	}
}
