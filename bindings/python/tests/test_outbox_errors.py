"""What a program, a file or a disk can get wrong with the outbox; and what its results hold."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import resource
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import flexcancel
from flexcancel import (
    ArgumentError,
    Client,
    ClosedError,
    Code,
    Outbox,
    OutboxError,
    OutboxState,
    Outcome,
)
from flexcancel._outbox_entry import TIMES, counts_of

from . import script
from .sandbox import Sandbox

NOBODY_S = "fcs_01M84AAN57SPQPWY4YDAGVJSFM"


def test_given_an_entry_that_may_not_be_acknowledged_then_the_error_says_why(
    outbox: Outbox,
) -> None:
    entry = outbox.enqueue("fcs_1")
    with pytest.raises(OutboxError, match="entry 1 is still pending") as raised:
        outbox.acknowledge(entry)
    assert raised.value.code is Code.OUTBOX_PENDING
    for number in (7, 2**63 - 1):
        with pytest.raises(OutboxError, match=f"the outbox has no entry {number}$") as raised:
            outbox.acknowledge(number)
        assert raised.value.code is Code.OUTBOX_NO_ENTRY
    for wrong in ("1", True, None):
        with pytest.raises(ArgumentError, match="entry: expected an entry or its number, found"):
            outbox.acknowledge(wrong)  # type: ignore[arg-type]
    assert outbox.list()[0].acknowledged_at is None


@pytest.mark.parametrize(
    ("number", "found"),
    [(0, "0"), (-5, "-5"), (2**63, str(2**63)), (10**5000, "a number of more than 30 digits")],
    ids=["zero", "negative", "beyond C", "beyond Python"],
)
def test_given_a_number_that_no_entry_has_then_the_error_names_it(
    outbox: Outbox, number: int, found: str
) -> None:
    kept = outbox.enqueue("fcs_1")
    expected = f"entry: expected a whole number from 1 to 9223372036854775807, found {found}"
    settlement: dict[str, Any] = {
        "lease": "x" * 32,
        "idempotency_key": "k",
        "outcome": "unknown",
        "code": "ok",
    }
    calls: list[Callable[[], object]] = [
        lambda: outbox.acknowledge(number),
        lambda: outbox.withdraw(number, "why"),
        lambda: outbox.settle(number, **settlement),
    ]
    for call in calls:
        with pytest.raises(ArgumentError) as raised:
            call()
        assert (str(raised.value), raised.value.code) == (expected, Code.INVALID_ARGUMENT)
    assert outbox.list() == (kept,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda outbox: outbox.cancel("a/b"), "session_id"),
        (lambda outbox: outbox.cancel("fcs_1\0"), "session_id: .* NUL"),
        (lambda outbox: outbox.cancel("x" * 256), "session_id: .* 255 .* found 256 characters"),
        (lambda outbox: outbox.enqueue("x" * 256), "session_id: .* 255 .* found 256 characters"),
        (lambda outbox: outbox.enqueue("fcs_1\0"), "session_id: .* NUL character at index 5"),
        (lambda outbox: outbox.cancel("fcs_1", timeout=0), "timeout: .* from 0.001 to 600, found"),
        (lambda outbox: outbox.cancel("fcs_1", expand="customer"), "expand: expected a list of na"),
        (lambda outbox: outbox.cancel("fcs_1", expand=7), "expand: .* names, found int"),
        (lambda outbox: outbox.cancel("fcs_1", max_attempts=0), "max_attempts: .* found 0"),
        (
            lambda outbox: outbox.cancel("fcs_1", deliver_within=0),
            "deliver_within: expected a number of seconds from 0.001 to 2592000, found 0",
        ),
        (lambda outbox: outbox.enqueue("", deliver_within=9), "session_id"),
        (
            lambda outbox: outbox.enqueue("fcs_1", deliver_within="1 d"),
            "deliver_within: .*d str",
        ),
        (lambda outbox: outbox.enqueue("fcs_1", idempotency_key=""), "idempotency_key"),
        (lambda outbox: outbox.flush(timeout=-1), "timeout: .* from 0.001 to 3600, found -1"),
        (lambda outbox: outbox.flush(max=0), "max: expected a whole number from 1 to 1000"),
        (lambda outbox: outbox.list(states=["lost"]), "states: expected names of: pending"),
        (lambda outbox: outbox.list(states="pending"), "states: .* found one text"),
        (lambda outbox: outbox.list(states=[1]), "states: expected"),
        (lambda outbox: outbox.list(acknowledged=1), "acknowledged"),
        (lambda outbox: outbox.list(after=-1), "after"),
        (lambda outbox: outbox.list(max=1001), "max"),
    ],
)
def test_given_an_argument_that_cannot_be_used_then_it_is_named_and_nothing_is_kept(
    sandbox: Sandbox, outbox: Outbox, call: Any, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message) as raised:
        call(outbox)
    assert raised.value.code in (Code.INVALID_ARGUMENT, Code.INVALID_SESSION_ID)
    assert "_ms" not in str(raised.value)
    assert outbox.list() == ()
    assert sandbox.requests() == []


def test_given_options_of_opening_that_cannot_be_used_then_they_are_named(
    client: Client, path: Path
) -> None:
    for arguments, message in (
        ({"path": ""}, "path: expected the path of a file"),
        ({"path": None}, "path"),
        ({"path": 5}, "path: expected a string, found 5"),
        ({"path": path, "keep": -1}, "keep: expected a number of seconds from 0 to 315360000, fo"),
        ({"path": path, "keep": "1 d"}, "keep: expected a number of seconds, found str"),
    ):
        with pytest.raises(ArgumentError, match=message):
            Outbox(client, **arguments)
    assert not path.exists()


def test_given_a_file_that_cannot_be_used_then_the_error_has_its_code(
    client: Client, path: Path
) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    (other := path.with_name("other.db")).touch(0o600)
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE till (name TEXT)")
    for unusable, code in (
        (path.with_name("none") / "outbox.db", Code.OUTBOX_IO),
        (link, Code.OUTBOX_UNSAFE),
        (path.parent, Code.OUTBOX_UNSAFE),
        (other, Code.OUTBOX_SCHEMA),
    ):
        with pytest.raises(OutboxError) as raised:
            Outbox(client, unusable)
        # It may keep cancels.
        assert (raised.value.code, raised.value.outcome) == (code, Outcome.UNKNOWN)
        assert raised.value.result.code is code
        assert not isinstance(raised.value, flexcancel.RefusedError)


def test_given_a_damaged_file_then_it_is_set_aside_and_the_next_opening_begins_anew(
    client: Client, path: Path
) -> None:
    Outbox(client, path).close()
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 52 + path.read_bytes()[68:])
    with pytest.raises(OutboxError, match="damaged") as raised:
        Outbox(client, path)
    assert raised.value.code is Code.OUTBOX_CORRUPT
    with Outbox(client, path) as outbox:
        assert outbox.enqueue("fcs_1").id == 1
    (aside,) = path.parent.glob("outbox.db.damaged-*")
    assert aside.read_bytes().startswith(b"SQLite format 3\0\xa5")


@contextmanager
def nothing_written() -> Iterator[None]:
    """Every write to a file fails, as on a disk that is broken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_given_a_disk_that_does_not_write_then_nothing_is_sent_and_that_is_said(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    session_id, other = sandbox.held(), outbox.enqueue(sandbox.held())
    with nothing_written():
        result = outbox.cancel(session_id)
        with pytest.raises(OutboxError) as not_kept:
            outbox.enqueue(session_id)
        with pytest.raises(OutboxError) as not_tried:
            outbox.flush()
    assert result.code is Code.OUTBOX_IO
    assert not result.outcome.is_voided
    assert result.entry is None
    assert not_kept.value.code is not_tried.value.code is Code.OUTBOX_IO
    assert not_kept.value.outcome == not_kept.value.result.raw["outcome"]
    assert sandbox.requests() == []
    assert outbox.cancel(session_id).is_voided
    assert [entry.id for entry in outbox.flush().entries] == [other.id]


def test_given_a_closed_outbox_or_client_then_it_is_said(
    sandbox: Sandbox, client: Client, path: Path
) -> None:
    session_id = sandbox.held()
    with Outbox(client, path) as outbox:
        assert not outbox.is_closed
        client.close()
        assert outbox.cancel(session_id).is_voided, "it keeps what it needs of its client"
    outbox.close()
    assert repr(outbox) == "<flexcancel.Outbox (closed)>"
    for call in (
        lambda: outbox.cancel(session_id),
        lambda: outbox.enqueue(session_id),
        outbox.flush,
        outbox.list,
        outbox.worklist,
        lambda: outbox.acknowledge(1),
        outbox.stats,
    ):
        with pytest.raises(ClosedError, match="the outbox is closed"):
            call()
    with pytest.raises(ClosedError, match="the client is closed"):
        Outbox(client, path)


def test_given_a_forgotten_outbox_then_its_file_is_closed_and_its_entries_stay(
    client: Client, path: Path
) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    outbox = Outbox(client, path)
    outbox.enqueue("fcs_1")
    gone = weakref.ref(outbox)
    del outbox
    gc.collect()
    assert gone() is None
    assert len(os.listdir("/proc/self/fd")) == before
    with Outbox(client, path) as again:
        assert again.stats().pending == 1


def named(field: str) -> str:
    """A field's name in the library's JSON."""
    return TIMES.get(field, field)


def test_given_a_result_of_a_newer_library_then_new_words_and_fields_are_no_error() -> None:
    with open(script.SOURCE.parents[2] / "docs/result.schema.json", encoding="utf-8") as file:
        definitions = json.load(file)["$defs"]
    fields = {field.name for field in dataclasses.fields(flexcancel.OutboxClaim)}
    plain = {field.name for field in dataclasses.fields(flexcancel.OutboxEntry)}
    assert fields - plain == {"lease", "in_doubt"}
    assert {named(one) for one in fields} == {*definitions["entry"]["properties"], "raw"}
    counts = {field.name for field in dataclasses.fields(flexcancel.OutboxCounts)}
    assert {named(one) for one in counts} == {*definitions["counts"]["properties"], "raw"}
    entry: dict[str, Any] = dict.fromkeys(definitions["entry"]["properties"])
    entry.update(state="lost_in_thought", expand=[], last_outcome="partly", last_code="new", new=1)
    counted = {**dict.fromkeys(definitions["counts"]["properties"], 1), "new": 2}
    text = json.dumps({"entry": entry, "entries": [], "counts": counted, "new": 3})
    result = flexcancel.Cancellation.from_json(
        '{"outcome":"unknown","code":"ok","hold":"unknown","message":"m","advice":"a",'
        '"retryable":false,"session_id":null,"idempotency_key":null,"elapsed_ms":1,'
        '"http_status":null,"retry_after_ms":null,"provider_error":null,"attempts":[],'
        f'"checkout_session":null,"outbox":{text}}}'
    )
    found = result.entry
    assert found is not None
    assert (found.state, found.state.is_documented) == ("lost_in_thought", False)
    assert (found.last_outcome, found.last_code) == (Outcome.UNKNOWN, "new")
    found_counts = counts_of(result.raw)
    assert found_counts is not None
    assert found_counts.worklist == 1
    assert found_counts.oldest_pending_at == datetime(1970, 1, 1, 0, 0, 0, 1_000, timezone.utc)


def test_states_are_those_of_the_schema() -> None:
    schema = (script.SOURCE.parents[2] / "docs/result.schema.json").read_text(encoding="utf-8")
    states = json.loads(schema)["$defs"]["entry"]["properties"]["state"]["enum"]
    assert [str(state) for state in OutboxState] == states
    assert [state for state in OutboxState if not state.is_final] == [OutboxState.PENDING]


def test_given_an_outbox_then_no_file_and_no_text_of_it_shows_the_key(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    result = outbox.cancel(sandbox.held())
    assert "hunter" not in result.json + repr(result.entry) + repr(outbox)
    for file in path.parent.glob("outbox.db*"):
        assert b"hunter" not in file.read_bytes()
