"""What the command line says of a try that was cut off, and of numbers that no entry has."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from flexcancel import Code, Outbox, OutboxState, Outcome
from flexcancel._watch import line

from . import script
from .sandbox import Sandbox
from .test_cli_outbox import run

#: A till that is killed while it waits for the answer to its cancel.
TILL = """
    import sys
    from flexcancel import Client, Outbox
    url, path, session_id = sys.argv[1:]
    client = Client("fsk_test_hunter2", base_url=url)
    Outbox(client, path).cancel(session_id, timeout=60)
"""

IN_DELIVERY = (
    "being delivered, or was interrupted: free again when its lease is over, its call's timeout + "
    "10 s, or a claim's lease_time"
)


def test_given_a_till_that_was_killed_then_no_line_says_that_nothing_was_tried(
    sandbox: Sandbox, path: Path
) -> None:
    session_id = sandbox.held()
    # The answer is lost, the effect is not.
    sandbox.fault("drop_answer", how="stall", apply=True)
    program = script.start(TILL, sandbox.url, str(path), session_id)
    sandbox.wait_for_requests(1)
    program.kill()
    program.communicate(timeout=30)
    assert sandbox.hold(session_id) == "released"

    shown = f"1: {session_id}: pending (outcome not known yet, 1 try)"
    goes_to = f"  {IN_DELIVERY}; for {sandbox.url}, test mode"
    assert run(sandbox, "outbox", "list", str(path)) == (0, f"{shown}\n{goes_to}\n", "")
    exit_code, output, _ = run(sandbox, "outbox", "watch", str(path), "--once")
    assert (exit_code, output.splitlines()[0]) == (3, shown)
    # Not even with --now.
    exit_code, output, _ = run(sandbox, "outbox", "flush", str(path), "--now")
    assert (exit_code, output.splitlines()[:2]) == (3, [f"1: {session_id}: waits", goes_to])
    assert len(sandbox.requests()) == 1


def test_given_a_lease_that_is_over_then_the_try_is_said_to_be_interrupted(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    session_id = sandbox.held()
    outbox.enqueue(session_id)
    outbox.claim(lease_time=1)
    assert outbox.list()[0].in_delivery
    time.sleep(1.1)
    exit_code, output, _ = run(sandbox, "outbox", "list", str(path))
    first, second = output.splitlines()
    assert exit_code == 0
    assert first == f"1: {session_id}: pending (interrupted, outcome not known, 1 try)"
    assert second.startswith("  due now; for ")


def test_what_is_known_of_an_entry_is_what_its_tries_allow(outbox: Outbox) -> None:
    new = outbox.enqueue("fcs_1")
    assert line(new) == "1: fcs_1: pending (not tried, 0 tries)"
    taken = outbox.enqueue("fcs_2", idempotency_key="till-7", in_doubt=True)
    assert line(taken) == "2: fcs_2: pending (in doubt, not tried here, 0 tries)"
    failed = replace(new, attempts=1, last_outcome=Outcome.NOT_APPLIED, last_code=Code.CONNECT)
    assert line(failed) == "1: fcs_1: pending (not_applied/connect, 1 try)"
    cut_off = replace(failed, attempts=2, unclear=1)
    assert line(cut_off) == "1: fcs_1: pending (interrupted, outcome not known, 2 tries)"
    unknown = replace(cut_off, last_outcome=Outcome.UNKNOWN, last_code=Code.TIMEOUT)
    assert line(unknown) == "1: fcs_1: pending (unknown/timeout, 2 tries)"
    done = replace(cut_off, state=OutboxState.REFUSED, last_code=Code.NOT_FOUND)
    assert line(done) == "1: fcs_1: refused (not_applied/not_found, 2 tries)"


@pytest.mark.parametrize("number", ["-1", "0", "9223372036854775808", "99999999999999999999999"])
def test_given_a_number_that_no_entry_has_then_nothing_is_done(
    sandbox: Sandbox, outbox: Outbox, path: Path, number: str
) -> None:
    entry = outbox.enqueue(sandbox.held())
    told = (
        "flexcancel: invalid_argument: entry: expected a whole number from 1 to "
        f"9223372036854775807, found {number}\n"
    )
    for arguments in (("ack",), ("withdraw", "--reason", "why")):
        command, *options = arguments
        done = run(sandbox, "outbox", command, str(path), str(entry.id), number, *options)
        assert done == (64, "", told)
    shown = run(sandbox, "outbox", "list", str(path), "--json")[1]
    assert json.loads(shown)["state"] == "pending"
