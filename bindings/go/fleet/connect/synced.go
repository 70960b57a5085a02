package connect

import (
	"time"

	"github.com/nats-io/nats.go"
)

// syncedSubject is where a server of this program says that it syncs each write.
const syncedSubject = "flex.fleet.synced"

// Announce says, for as long as the connection lasts, that its server syncs each write. A server
// tells its clients nothing of it by itself.
func Announce(conn *nats.Conn) error {
	_, err := conn.Subscribe(syncedSubject, func(m *nats.Msg) { _ = m.Respond(nil) })
	return err
}

// IsSynced is false where no server says that it syncs each write.
func IsSynced(conn *nats.Conn) bool {
	_, err := conn.Request(syncedSubject, nil, 2*time.Second)
	return err == nil
}
