package connect_test

import (
	"testing"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/connect"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
)

func TestAServerThatDoesNotSayThatItSyncsIsNotTakenForOneThatDoes(t *testing.T) {
	conn := kit.JetStream(t).Conn()
	if connect.IsSynced(conn) {
		t.Error("nobody has said so")
	}
	kit.OK(t, connect.Announce(conn))
	if !connect.IsSynced(conn) {
		t.Error("it was said")
	}
}
