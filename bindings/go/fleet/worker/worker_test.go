package worker_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/kit"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/internal/sandbox"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/message"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/queue"
	"github.com/flexcancel/flexcancel/bindings/go/fleet/streams"
	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestACancelIsDeliveredAndLeavesOnlyItsResult(t *testing.T) {
	q := kit.Queue(t)
	c := kit.Cancel(t, kit.Held(t))
	kit.OK(t, q.Publish(t.Context(), c))
	o, seen := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	r := result(t, q, c)
	if r.Outcome != flexcancel.Canceled || r.NeedsPerson || r.Tries != 1 || r.OutboxEntry != c.OutboxEntry {
		t.Errorf("%+v", r)
	}
	is := truth(t, c.SessionID)
	if is.Hold != "released" || is.CancelsReceived != 1 || is.CancelsApplied[0].IdempotencyKey != c.IdempotencyKey {
		t.Errorf("%+v", is)
	}
	if results, _, _ := seen.counts(); results != 1 || counts(t, q).Worklist != 0 {
		t.Errorf("%d results", results)
	}
}

func TestWhatAPersonMustSeeIsOnTheWorklist(t *testing.T) {
	q := kit.Queue(t)
	captured, late := kit.Cancel(t, kit.Held(t)), kit.Cancel(t, kit.Held(t))
	kit.OK(t, kit.Sandbox(t).Act(captured.SessionID, "capture"))
	late.NotAfterMS = late.AskedAtMS
	doubtful := kit.Cancel(t, kit.Held(t))
	doubtful.NotAfterMS, doubtful.InDoubt = doubtful.AskedAtMS, true
	for _, c := range []message.Cancel{captured, late, doubtful} {
		kit.OK(t, q.Publish(t.Context(), c))
	}
	o, _ := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	for c, expected := range map[*message.Cancel]string{
		&captured: "not_cancelable not_cancelable", &late: "not_applied outbox_expired",
		&doubtful: "unknown outbox_expired",
	} {
		r := result(t, q, *c)
		note, _, err := q.Note(t.Context(), c.Entry)
		kit.OK(t, err)
		is := r.Outcome.String() + " " + r.Code.String()
		if is != expected || !r.NeedsPerson || note.Outcome+" "+note.Code != expected {
			t.Errorf("%s, %+v; expected %s", is, note, expected)
		}
	}
	if is := truth(t, late.SessionID); is.Hold != "held" || is.CancelsReceived != 0 {
		t.Errorf("a cancel was sent after its time: %+v", is)
	}
}

func TestGivenAHoldThatIsNewerThanTheCancelThenItStays(t *testing.T) {
	q := kit.Queue(t)
	const sessions = 20
	var cancels []message.Cancel
	for range sessions {
		c := kit.Cancel(t, kit.Held(t))
		// It was asked for a while ago, for the hold that was there then.
		c.AskedAtMS -= 60_000
		kit.OK(t, kit.Sandbox(t).Act(c.SessionID, "cancel"))
		kit.OK(t, kit.Sandbox(t).Act(c.SessionID, "reauth"))
		kit.OK(t, q.Publish(t.Context(), c))
		cancels = append(cancels, c)
	}
	o, _ := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	for _, c := range cancels {
		if is := truth(t, c.SessionID); is.Hold != "held" {
			t.Errorf("a newer hold was released: %+v", is)
		}
		if r := result(t, q, c); !r.NeedsPerson || r.Code != flexcancel.CodeNewerHold {
			t.Errorf("%+v", r)
		}
	}
	if is := counts(t, q); is.Worklist != sessions {
		t.Errorf("%d are on the worklist", is.Worklist)
	}
}

func TestGivenAResultThenItsCancelIsNotTriedAgain(t *testing.T) {
	q := kit.Queue(t)
	c := kit.Cancel(t, kit.Held(t))
	_, err := q.PutResult(t.Context(), message.Result{
		V: 1, Entry: c.Entry, SessionID: c.SessionID, Target: c.Target, Outcome: flexcancel.Canceled, Till: c.Till,
	})
	kit.OK(t, err)
	heard, err := q.JetStream().Conn().SubscribeSync(message.SettledSubject(c.Till))
	kit.OK(t, err)
	kit.OK(t, q.Publish(t.Context(), c))
	o, seen := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	_, tries, _ := seen.counts()
	if is := truth(t, c.SessionID); is.CancelsReceived != 0 || tries != 0 {
		t.Errorf("it was tried again: %+v", is)
	}
	if m, err := heard.NextMsg(kit.Never); err != nil || string(m.Data) != message.ResultSubject("test", c.SessionID, c.Entry) {
		t.Errorf("the till was not told: %v", err)
	}
}

// A claim that was not handed back is of a worker that died.
func TestGivenAClaimOfAWorkerThatDiedThenTheSessionIsReadFirst(t *testing.T) {
	q := kit.Queue(t)
	c := kit.Cancel(t, kit.Held(t))
	_, err := q.Claim(t.Context(), c, "dead", time.Second, time.Now().Add(-time.Minute))
	kit.OK(t, err)
	kit.OK(t, kit.Sandbox(t).Act(c.SessionID, "cancel"))
	kit.OK(t, q.Publish(t.Context(), c))
	o, _ := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	r := result(t, q, c)
	// The one cancel that was received is that of the person.
	if is := truth(t, c.SessionID); is.CancelsReceived != 1 || !r.Outcome.IsVoided() || r.Tries != 2 {
		t.Errorf("%+v %+v", is, r)
	}
}

func TestGivenAClaimThatIsNotOverThenNobodyElseTriesTheCancel(t *testing.T) {
	q := kit.Queue(t)
	c := kit.Cancel(t, kit.Held(t))
	const left = 6 * time.Second
	claimed := time.Now()
	_, err := q.Claim(t.Context(), c, "other", left-5*time.Second, claimed)
	kit.OK(t, err)
	kit.OK(t, q.Publish(t.Context(), c))
	o, _ := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	if r := result(t, q, c); time.UnixMilli(r.AtMS).Sub(claimed) < left-time.Millisecond {
		t.Errorf("it was tried beside the other worker: %+v", r)
	}
}

func TestGivenAnUnknownOutcomeThenItIsTriedAgainUnderItsKey(t *testing.T) {
	q := kit.Queue(t)
	c := kit.Cancel(t, kit.Held(t))
	kit.OK(t, kit.Sandbox(t).Fault(sandbox.Fields{"fault": "drop_answer", "how": "stall", "times": 3, "apply": false}))
	t.Cleanup(func() { kit.OK(t, kit.Sandbox(t).NoFaults()) })
	kit.OK(t, q.Publish(t.Context(), c))
	o, _ := options(t, q)
	o.Timeout = 300 * time.Millisecond
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	r, is := result(t, q, c), truth(t, c.SessionID)
	if is.Hold != "released" || len(is.CancelsApplied) != 1 || is.CancelsApplied[0].IdempotencyKey != c.IdempotencyKey {
		t.Errorf("%+v", is)
	}
	if r.Tries < 2 || !r.Outcome.IsVoided() {
		t.Errorf("%+v", r)
	}
}

func TestAHundredBadMessagesAreOnTheWorklistAndAGoodOneIsDelivered(t *testing.T) {
	q := kit.Queue(t)
	js := q.JetStream()
	for i := range 100 {
		session := fmt.Sprintf("bad_%d", i)
		c := kit.Cancel(t, session)
		var data []byte
		switch i % 10 {
		case 0:
			data = []byte("{")
		case 1:
			c.V = 2
		case 2:
			c.Target = "live"
		case 3:
			data = []byte(`{"v":1,"padding":"` + strings.Repeat("x", message.MaxBytes-100) + `"}`)
		case 4:
			c.IdempotencyKey = ""
		case 5:
			c.BaseURL = "https://elsewhere.example"
		case 6:
			c.Mode = "live"
		case 7:
			c.SessionID = "another"
		case 8:
			data = nil
		case 9:
			data = make([]byte, rand.N(200))
			for j := range data {
				data[j] = byte(rand.N(256))
			}
		}
		if data == nil && i%10 != 8 {
			var err error
			data, err = json.Marshal(c)
			kit.OK(t, err)
		}
		_, err := js.Publish(t.Context(), message.CancelSubject(kit.Target, session), data)
		kit.OK(t, err)
	}
	good := kit.Cancel(t, kit.Held(t))
	kit.OK(t, q.Publish(t.Context(), good))
	o, _ := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	sessions := map[string]bool{}
	for note, err := range q.Notes(t.Context(), kit.Target, "*") {
		kit.OK(t, err)
		if note.Reason == "" || note.Code != message.CodeUnreadable {
			t.Errorf("%+v", note)
		}
		sessions[note.SessionID] = true
	}
	if len(sessions) != 100 || result(t, q, good).Outcome != flexcancel.Canceled {
		t.Errorf("%d are on the worklist", len(sessions))
	}
}

func TestGivenNoWayToFlexThenFewTriesAreMadeAndAllAreDeliveredLater(t *testing.T) {
	q := kit.Queue(t)
	const sessions = 200
	for range sessions {
		kit.OK(t, q.Publish(t.Context(), kit.Cancel(t, kit.Held(t))))
	}
	o, seen := options(t, q)
	// An API key that is not accepted is no way to Flex, either.
	kit.OK(t, kit.Sandbox(t).Fault(sandbox.Fields{"fault": "status", "status": 401, "times": 100000}))
	t.Cleanup(func() { kit.OK(t, kit.Sandbox(t).NoFaults()) })
	stop := run(t, o)
	time.Sleep(4 * time.Second) // how long Flex is out of reach
	stop()
	// One for each that was under way, and probes after 1, 2 and 4 seconds.
	if results, tries, _ := seen.counts(); tries > o.Concurrency+4 || results != 0 {
		t.Errorf("%d tries and %d results while the key is not accepted", tries, results)
	}
	kit.OK(t, kit.Sandbox(t).NoFaults())
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	if results, _, _ := seen.counts(); results != sessions {
		t.Errorf("%d results", results)
	}
}

func TestCancelsThatTheQueueHasForgottenAreFound(t *testing.T) {
	q := kit.Queue(t)
	js := q.JetStream()
	done, lost := kit.Cancel(t, kit.Held(t)), kit.Cancel(t, kit.Held(t))
	for _, c := range []message.Cancel{done, lost} {
		kit.OK(t, q.Publish(t.Context(), c))
	}
	_, err := q.PutResult(t.Context(), message.Result{
		V: 1, Entry: done.Entry, SessionID: done.SessionID, Target: done.Target, Outcome: flexcancel.Canceled,
	})
	kit.OK(t, err)
	// A consumer that begins after them stands for one whose acknowledgements are past them.
	config := streams.ConsumerConfig(kit.Target, 30*time.Second)
	kit.OK(t, q.Publish(t.Context(), kit.Cancel(t, kit.Held(t))))
	consumer, err := js.CreateConsumer(t.Context(), streams.Cancels, config)
	kit.OK(t, err)
	_, err = js.Conn().Request("$JS.API.CONSUMER.RESET."+streams.Cancels+"."+config.Durable, []byte(`{"seq":3}`), time.Second)
	kit.OK(t, err)
	info, err := consumer.Info(t.Context())
	kit.OK(t, err)
	t.Logf("the floor is %d", info.AckFloor.Stream)
	o, seen := options(t, q)
	run(t, o)
	kit.Until(t, "an empty queue", isEmpty(t, q))
	if results, _, orphans := seen.counts(); orphans != 2 || results != 2 {
		t.Errorf("%d orphans and %d results", orphans, results)
	}
	if is := truth(t, lost.SessionID); is.Hold != "released" {
		t.Errorf("%+v", is)
	}
}

// refusing has the stream of this number refuse what comes on a subject. The first function that it
// gives returns when a second attempt was made, which is after the first was refused; the other has
// the stream take messages again.
func refusing(t *testing.T, q *queue.Queue, number int, subject string) (attempted, mend func()) {
	t.Helper()
	js := q.JetStream()
	update := func(config jetstream.StreamConfig) {
		_, err := js.UpdateStream(t.Context(), config)
		kit.OK(t, err)
	}
	full := streams.Configs(1)[number]
	full.MaxMsgSize = 1
	update(full)
	attempts, err := js.Conn().SubscribeSync(subject)
	kit.OK(t, err)
	attempted = func() {
		for range 2 {
			_, err := attempts.NextMsg(kit.Never)
			kit.OK(t, err)
		}
	}
	return attempted, func() { update(streams.Configs(1)[number]) }
}

func TestGivenAResultThatCannotBeWrittenThenTheCancelStaysOnTheQueue(t *testing.T) {
	q := kit.Queue(t)
	attempted, mend := refusing(t, q, 2, "flex.result.>")
	c := kit.Cancel(t, kit.Held(t))
	kit.OK(t, q.Publish(t.Context(), c))
	o, _ := options(t, q)
	run(t, o)
	attempted()
	if is := counts(t, q); is.Pending != 1 || is.Claims != 1 {
		t.Errorf("a cancel without a result has left the queue: %+v", is)
	}
	mend()
	kit.Until(t, "an empty queue", isEmpty(t, q))
	if r := result(t, q, c); r.Outcome != flexcancel.Canceled || r.Tries != 1 {
		t.Errorf("%+v", r)
	}
}

func TestWhatAPersonMustSeeIsOnTheWorklistBeforeThereIsAResult(t *testing.T) {
	q := kit.Queue(t)
	attempted, mend := refusing(t, q, 3, "flex.worklist.>")
	c := kit.Cancel(t, kit.Held(t))
	kit.OK(t, kit.Sandbox(t).Act(c.SessionID, "capture"))
	kit.OK(t, q.Publish(t.Context(), c))
	o, _ := options(t, q)
	run(t, o)
	attempted()
	if is := counts(t, q); is.Results != 0 || is.Pending != 1 {
		t.Errorf("a result that nobody has to look at: %+v", is)
	}
	mend()
	kit.Until(t, "an empty queue", isEmpty(t, q))
	if is := counts(t, q); is.Results != 1 || is.Worklist != 1 {
		t.Errorf("%+v", is)
	}
}
