"""A cancel that ended unknown, repeated by its result where Flex cannot be asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from flexcancel import (
    ArgumentError,
    AsyncClient,
    Cancellation,
    Client,
    ClosedError,
    Code,
    Outbox,
    OutboxState,
    Outcome,
    Repeat,
)

from .sandbox import KEY, Sandbox
from .test_cli import run

#: A try; too short to be of use to whoever cannot be reached.
BRIEFLY = 0.3

#: Enough for a call that comes to its end, on a busy machine.
LONG = 60

Call = Callable[..., Cancellation]


def unknown(sandbox: Sandbox, session_id: str, call: Call) -> Repeat:
    """A first call of which nobody knows that it released the hold."""
    with sandbox.losing_answers():
        result = call(session_id, timeout=BRIEFLY)
    assert result.outcome is Outcome.UNKNOWN
    assert result.repeat is not None
    assert result.repeat["in_doubt"]
    released_once(sandbox, session_id)
    return result.repeat


def released_once(sandbox: Sandbox, session_id: str) -> None:
    truth = sandbox.ground_truth(session_id)
    assert (truth["hold"], len(truth["cancels_applied"])) == ("released", 1)


World = Callable[[Sandbox], AbstractContextManager[None]]

#: The ways in which Flex cannot be asked.
OUT_OF_REACH: dict[str, World] = {
    "a closed port": lambda sandbox: sandbox.outage(),
    "a 401": lambda sandbox: sandbox.refusing(401, "unauthorized"),
    "a 429": lambda sandbox: sandbox.refusing(429, "rate_limit_exceeded"),
    "a 400": lambda sandbox: sandbox.refusing(400, "invalid_request"),
}

in_each_way = pytest.mark.parametrize("way", OUT_OF_REACH)


def repeated(sandbox: Sandbox, session_id: str, repeat: Repeat, call: Call) -> None:
    """It is pending for as long as nothing can be read, and then canceled: by its own request."""
    for begin in OUT_OF_REACH.values():
        with begin(sandbox):
            result = call(session_id, timeout=BRIEFLY, **repeat)
            assert result.outcome is Outcome.UNKNOWN, result.json
            assert "not voided" not in result.advice.lower()
            assert result.repeat == repeat
    result = call(session_id, **repeat)
    assert (result.outcome, result.code) == (Outcome.CANCELED, Code.OK)
    assert result.repeat is None
    released_once(sandbox, session_id)


def test_given_a_lost_answer_when_repeated_out_of_reach_then_pending_and_at_last_canceled(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    repeat = unknown(sandbox, session_id, client.cancel)
    repeated(sandbox, session_id, repeat, client.cancel)


def test_given_a_lost_answer_when_handed_to_the_outbox_then_pending_and_at_last_canceled(
    sandbox: Sandbox, client: Client, outbox: Outbox
) -> None:
    session_id = sandbox.held()
    repeat = unknown(sandbox, session_id, client.cancel)
    entry = outbox.enqueue(session_id, **repeat)
    assert entry.idempotency_key == repeat["idempotency_key"]
    with sandbox.outage():
        result = outbox.cancel(session_id, timeout=BRIEFLY, **repeat)
    assert result.outcome is Outcome.UNKNOWN
    result = outbox.cancel(session_id, **repeat)
    assert (result.outcome, result.code) == (Outcome.CANCELED, Code.OK)
    released_once(sandbox, session_id)


@in_each_way
def test_given_a_lost_answer_when_the_outbox_is_refused_then_it_is_never_not_voided(
    sandbox: Sandbox, client: Client, outbox: Outbox, way: str
) -> None:
    session_id = sandbox.held()
    repeat = unknown(sandbox, session_id, client.cancel)
    with OUT_OF_REACH[way](sandbox):
        result = outbox.cancel(session_id, timeout=BRIEFLY, **repeat)
        assert result.outcome is Outcome.UNKNOWN, result.json
        assert "not voided" not in result.advice.lower()


@in_each_way
def test_given_a_lost_answer_when_enqueued_and_flushed_out_of_reach_then_nothing_is_known_of_it(
    sandbox: Sandbox, path: Path, way: str
) -> None:
    session_id = sandbox.held()
    with (
        Client(KEY, base_url=sandbox.url, timeout=BRIEFLY) as client,
        Outbox(client, path) as outbox,
    ):
        repeat = unknown(sandbox, session_id, client.cancel)
        outbox.enqueue(session_id, **repeat)
        with OUT_OF_REACH[way](sandbox):
            flushed = outbox.flush()
        (entry,) = flushed.entries
        # What Flex refuses without a reason that passes, a person must look at.
        state = OutboxState.NEEDS_ATTENTION if way == "a 400" else OutboxState.PENDING
        assert (entry.state, entry.last_outcome) == (state, Outcome.UNKNOWN)
        said = f"{flushed.message} {flushed.advice} {entry.last_message}"
        assert "not voided" not in said.lower()
        result = outbox.cancel(session_id, timeout=LONG, **repeat)
        assert (result.outcome, result.code) == (Outcome.CANCELED, Code.OK)
    released_once(sandbox, session_id)


def test_given_asyncio_when_repeated_out_of_reach_then_pending_and_at_last_canceled(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    repeat = unknown(sandbox, session_id, client.cancel)

    def call(session_id: str, **options: Any) -> Cancellation:
        async def one() -> Cancellation:
            async with AsyncClient(Client(KEY, base_url=sandbox.url)) as many:
                return await many.cancel(session_id, **options)

        return asyncio.run(one())

    repeated(sandbox, session_id, repeat, call)


def test_given_the_command_line_when_repeated_out_of_reach_then_its_exit_code_is_unknown(
    sandbox: Sandbox, client: Client
) -> None:
    session_id = sandbox.held()
    repeat = json.dumps(unknown(sandbox, session_id, client.cancel))
    command = ("cancel", session_id, "--repeat", repeat, "--timeout", str(BRIEFLY))
    for begin in OUT_OF_REACH.values():
        with begin(sandbox):
            exit_code, output, _ = run(sandbox, *command)
            assert (exit_code, "not voided" in output.lower()) == (3, False), output
            assert f"flexcancel cancel {session_id} --repeat " in output
    exit_code, output, _ = run(sandbox, *command)
    assert (exit_code, output.split()[1]) == (0, "canceled")


def test_given_a_repeat_that_is_refused_then_it_is_not_said_that_nothing_was_done(
    sandbox: Sandbox, path: Path
) -> None:
    client = Client(KEY, base_url=sandbox.url)
    outbox = Outbox(client, path)
    outbox.close()
    client.close()
    calls: tuple[Callable[..., Any], ...] = (client.cancel, outbox.cancel, outbox.enqueue)
    for in_doubt in (True, False):
        for call in calls:
            with pytest.raises(ClosedError) as closed:
                call("fcs_1", idempotency_key="k", in_doubt=in_doubt)
            # The file of an outbox may keep an earlier cancel of the session.
            is_known = call == client.cancel and not in_doubt
            assert closed.value.outcome is (Outcome.NOT_APPLIED if is_known else Outcome.UNKNOWN)

    def refused(repeat: Any, session_id: str, **wrong: Any) -> Outcome:
        client = Client(KEY, base_url=sandbox.url)
        with client, pytest.raises(ArgumentError) as raised:
            client.cancel(session_id, **wrong, **repeat)
        return raised.value.outcome

    # Doubt without a key is what is left of a repetition.
    assert refused({"in_doubt": True}, "fcs_1", timeout="soon") is Outcome.UNKNOWN
    assert refused({"in_doubt": True}, "fcs_1") is Outcome.UNKNOWN
    repeat = {"idempotency_key": "k", "in_doubt": True}
    # Refused by the library, and before it is asked.
    assert refused(repeat, "fcs_1", timeout=601) is Outcome.UNKNOWN
    assert refused(repeat, "fcs_1", timeout="soon") is Outcome.UNKNOWN
    assert refused({"idempotency_key": "k", "in_doubt": False}, "fcs_1", timeout="soon") is (
        Outcome.NOT_APPLIED
    )
    # Also with an id that is damaged.
    assert refused(repeat, "fcs/1") is Outcome.UNKNOWN
    assert refused(repeat, "fcs\0") is Outcome.UNKNOWN
    assert refused({}, "fcs/1") is Outcome.NOT_APPLIED
    assert sandbox.requests() == []
