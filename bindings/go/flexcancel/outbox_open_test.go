package flexcancel_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flexcancel/flexcancel/bindings/go/flexcancel"
)

func TestAFileThatCannotBeUsedIsAnErrorThatSaysWhy(t *testing.T) {
	till := client(t, nil)
	link := file(t)
	if err := os.Symlink("elsewhere", link); err != nil {
		t.Fatal(err)
	}
	other := file(t)
	if err := os.WriteFile(other, bytes.Repeat([]byte("no outbox\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	open := file(t)
	if err := os.Chmod(filepath.Dir(open), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		path     string
		expected error
		code     flexcancel.Code
	}{
		{filepath.Join(file(t), "none"), flexcancel.ErrOutboxIO, flexcancel.CodeOutboxIO},
		{link, flexcancel.ErrOutboxUnsafe, flexcancel.CodeOutboxUnsafe},
		{open, flexcancel.ErrOutboxUnsafe, flexcancel.CodeOutboxUnsafe},
		{other, flexcancel.ErrOutboxSchema, flexcancel.CodeOutboxSchema},
	} {
		outbox, err := till.OpenOutbox(row.path)
		var failed *flexcancel.Error
		if outbox != nil || !errors.Is(err, row.expected) ||
			errors.Is(err, flexcancel.ErrNotApplied) || !errors.As(err, &failed) ||
			failed.Code != row.code || failed.Message == "" {
			t.Errorf("%s: %v", row.path, err)
		}
	}
	// What is no outbox stays as it is, and nothing is made beside it.
	if left, err := os.ReadFile(other); err != nil || len(left) != 10_000 {
		t.Errorf("%v %d", err, len(left))
	}
	if aside, err := filepath.Glob(other + ".*"); err != nil || len(aside) != 0 {
		t.Errorf("%v %v", err, aside)
	}
}

func TestADamagedFileIsSetAsideAndTheNextOneIsNew(t *testing.T) {
	till, path := client(t, nil), file(t)
	first, err := till.OpenOutbox(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	damaged, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(damaged, "no outbox")
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if outbox, err := till.OpenOutbox(path); outbox != nil || !errors.Is(err, flexcancel.ErrOutboxCorrupt) {
		t.Error(err)
	}
	if aside, err := filepath.Glob(path + ".damaged-*"); err != nil || len(aside) != 1 {
		t.Errorf("%v %v", err, aside)
	}
	if _, err := till.OpenOutbox(path, flexcancel.WithoutCreate()); !errors.Is(err, flexcancel.ErrOutboxIO) {
		t.Error(err)
	}
	opened(t, till, path)
}

func TestOptionsThatCannotBeUsedAreNamedAndNothingIsMade(t *testing.T) {
	till, path := client(t, nil), file(t)
	for _, row := range []struct {
		path  string
		opts  []flexcancel.OutboxOption
		field string
	}{
		{"", nil, "path"},
		{path + "\x00", nil, "path"},
		{path + "\xff", nil, "path"},
		{path, []flexcancel.OutboxOption{flexcancel.WithKeep(-time.Second)}, "keep_ms"},
	} {
		outbox, err := till.OpenOutbox(row.path, row.opts...)
		if outbox != nil || !errors.Is(err, flexcancel.ErrInvalidArgument) ||
			!strings.Contains(err.Error(), row.field+": expected") {
			t.Errorf("%q: %v", row.path, err)
		}
	}
	if made, err := os.ReadDir(filepath.Dir(path)); err != nil || len(made) != 0 {
		t.Errorf("%v %v", err, made)
	}
}

func TestEachCallRefusesWhatIsNoOptionOfItsAndKeepsAndSendsNothing(t *testing.T) {
	outbox, id := opened(t, client(t, nil), ""), held(t)
	cancel := func(opt flexcancel.EnqueueOption) error {
		_, err := outbox.Cancel(t.Context(), id, opt)
		return err
	}
	enqueue := func(opt flexcancel.EnqueueOption) error {
		_, err := outbox.Enqueue(id, opt)
		return err
	}
	flush := func(opt flexcancel.FlushOption) error {
		_, err := outbox.Flush(t.Context(), opt)
		return err
	}
	for _, row := range []struct {
		err        error
		field      string
		isOfCancel bool
	}{
		{cancel(flexcancel.WithDeliverWithin(0)), "deliver_within_ms", true},
		{cancel(flexcancel.WithDeliverWithin(31 * 24 * time.Hour)), "deliver_within_ms", true},
		{enqueue(flexcancel.WithTimeout(time.Second)), "timeout_ms", true},
		{enqueue(flexcancel.WithIdempotencyKey("")), "idempotency_key", true},
		{flush(flexcancel.WithMaxAttempts(1)), "max_attempts", false},
		{flush(flexcancel.WithMax(0)), "max", false},
		{flush(flexcancel.WithMax(1001)), "max", false},
		{flush(flexcancel.WithTimeout(2 * time.Hour)), "timeout_ms", false},
	} {
		err := row.err
		if !errors.Is(err, flexcancel.ErrInvalidArgument) ||
			errors.Is(err, flexcancel.ErrUnknown) != row.isOfCancel ||
			errors.Is(err, flexcancel.ErrNotApplied) ||
			!strings.Contains(err.Error(), row.field) {
			t.Errorf("%s: %v", row.field, err)
		}
	}
	for _, id := range []string{"", "a b", "a\x00", "a\xff"} {
		entry, err := outbox.Enqueue(id)
		if entry != nil || !errors.Is(err, flexcancel.ErrInvalidArgument) {
			t.Errorf("%q: %v", id, err)
		}
	}
	for field, filter := range map[string]flexcancel.Filter{
		"states":     {States: []flexcancel.OutboxState{"lost"}},
		"after":      {After: -1},
		"max":        {Max: 1001},
		"session_id": {SessionID: "a\xff"},
	} {
		_, err := outbox.List(filter)
		if !errors.Is(err, flexcancel.ErrInvalidArgument) || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if kept := listed(t, outbox, flexcancel.Filter{}); len(kept) != 0 {
		t.Errorf("%+v", kept)
	}
	expectTruth(t, id, "held", 0, 0)
}

func TestWithKeepAFlushForgetsWhatIsDelivered(t *testing.T) {
	outbox := opened(t, client(t, nil), "", flexcancel.WithKeep(0))
	if _, err := outbox.Cancel(t.Context(), held(t)); err != nil {
		t.Fatal(err)
	}
	until(t, "an empty outbox", func() bool {
		_, err := outbox.Flush(t.Context())
		return err == nil && len(listed(t, outbox, flexcancel.Filter{})) == 0
	})
}

func TestTheKeyIsInNoFileOfTheOutbox(t *testing.T) {
	path := file(t)
	outbox := opened(t, client(t, nil), path)
	enqueued(t, outbox, held(t))
	if _, err := outbox.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(path + "*")
	if err != nil || len(made) == 0 {
		t.Fatal(err, made)
	}
	for _, name := range made {
		bytes, err := os.ReadFile(name)
		if err != nil || strings.Contains(string(bytes), key) {
			t.Errorf("%s %v", name, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s %v", name, info.Mode())
		}
	}
}
