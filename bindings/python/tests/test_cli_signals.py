"""Signals that end the command line: what is known is told, and what was not tried."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest

from flexcancel import _cli

from . import script
from .sandbox import KEY, Sandbox
from .test_cli import run, start


def ended_by(
    sent: list[signal.Signals],
    sandbox: Sandbox,
    requests: int,
    *arguments: str,
    first: Optional[Callable[[], Any]] = None,
) -> tuple[int, str, str]:
    """What the command comes to that gets signals after so many requests."""
    program = start(sandbox, *arguments, first=first)
    sandbox.wait_for_requests(requests)
    for one in sent:
        program.send_signal(one)
    output, complaints = program.communicate(timeout=10)
    assert "hunter" not in output + complaints
    return program.returncode, output, complaints


TERM = [signal.SIGTERM]


def stall_with_effect(sandbox: Sandbox) -> None:
    """The next cancels have their effect, and their answers do not come."""
    sandbox.fault("drop_answer", how="stall", times=2, apply=True, operation="cancel")


def ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("first", [None, ignore_ctrl_c], ids=["foreground", "background"])
def test_given_sigterm_then_a_cancel_says_what_is_known_and_how_to_repeat_it(
    sandbox: Sandbox, first: Optional[Callable[[], Any]]
) -> None:
    ids = [sandbox.held() for _ in range(3)]
    stall_with_effect(sandbox)
    exit_code, output, complaints = ended_by(TERM, sandbox, 1, "cancel", *ids, first=first)
    assert exit_code == 143
    assert output.startswith(f"{ids[0]}: unknown (aborted, hold unknown): ")
    assert complaints.splitlines() == [
        f"flexcancel: {ids[1]}: not tried",
        f"flexcancel: {ids[2]}: not tried",
        "flexcancel: terminated",
    ]
    assert [sandbox.hold(one) for one in ids] == ["released", "held", "held"]
    sandbox.clear_faults()
    repetition = shlex.split(output.splitlines()[-1])[1:]
    assert run(sandbox, *repetition)[0] == 0
    assert [sandbox.hold(one) for one in ids] == ["released", "held", "held"]


@pytest.mark.parametrize("sent", [TERM, [signal.SIGTERM, signal.SIGINT]], ids=str)
def test_given_sigterm_then_cancel_many_says_what_is_known(
    sandbox: Sandbox, sent: list[signal.Signals]
) -> None:
    ids = [sandbox.held() for _ in range(5)]
    stall_with_effect(sandbox)
    arguments = ("cancel-many", *ids, "--concurrency", "2")
    exit_code, output, complaints = ended_by(sent, sandbox, 2, *arguments)
    assert exit_code == 143
    found = [json.loads(line) for line in output.splitlines()]
    assert [(row["session_id"], row["outcome"]) for row in found] == [
        (ids[0], "unknown"),
        (ids[1], "unknown"),
    ]
    assert f"flexcancel: 3 not tried, from number 2 on: {ids[2]}\n" in complaints
    assert complaints.endswith("flexcancel: terminated\n")
    assert [sandbox.hold(one) for one in ids] == ["released"] * 2 + ["held"] * 3


#: SIGTERM comes while what is known after the first one is shown.
ONCE_MORE = """
    import os, signal, sys
    from flexcancel import _cli, _cli_bulk
    def shown_late(show):
        def show_late(*arguments, **options):
            os.kill(os.getpid(), signal.SIGTERM)
            return show(*arguments, **options)
        return show_late
    _cli.describe = shown_late(_cli.describe)
    _cli_bulk._json_line = shown_late(_cli_bulk._json_line)
    _cli_bulk._in_words = shown_late(_cli_bulk._in_words)
    sys.exit(_cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", ["cancel", "cancel-many"])
def test_given_sigterm_once_more_then_nothing_of_what_is_known_is_lost(
    sandbox: Sandbox, command: str
) -> None:
    held = sandbox.held()
    stall_with_effect(sandbox)
    arguments = (command, held, "--base-url", sandbox.url)
    program = script.start(ONCE_MORE, *arguments, FLEX_API_KEY=KEY)
    sandbox.wait_for_requests(1)
    program.send_signal(signal.SIGTERM)
    output, complaints = program.communicate(timeout=10)
    assert program.returncode == 143
    assert output.count("unknown") > 1
    assert output.count("idempotency_key") > 0
    assert complaints.endswith("flexcancel: terminated\n")
    assert ("1 unknown: repeat each" in complaints) is (command == "cancel-many")
    assert sandbox.hold(held) == "released"


def test_given_sigterm_then_the_outbox_s_commands_end(sandbox: Sandbox, path: Path) -> None:
    held = sandbox.held()
    assert run(sandbox, "outbox", "enqueue", str(path), held, "--base-url", sandbox.url)[0] == 3
    sandbox.stall()
    exit_code, output, complaints = ended_by(TERM, sandbox, 1, "outbox", "flush", str(path))
    first = f"1: {held}: pending (unknown/aborted, 1 try)"
    assert (exit_code, output.splitlines()[0]) == (143, first)
    assert complaints.endswith("flexcancel: terminated\n")
    program = start(sandbox, "outbox", "watch", str(path))
    assert program.stdout is not None
    program.stdout.readline()
    program.send_signal(signal.SIGTERM)
    assert (program.communicate(timeout=10)[1], program.returncode) == (
        "flexcancel: terminated\n",
        143,
    )


def test_given_sigterm_that_is_ignored_then_it_stays_so(sandbox: Sandbox) -> None:
    held = sandbox.held()
    sandbox.fault("delay", ms=500)

    def ignore() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    assert ended_by(TERM, sandbox, 1, "cancel", held, first=ignore)[0] == 0
    assert sandbox.hold(held) == "released"


IMPORTED = """
    import signal
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    import flexcancel, flexcancel._cli
    url = "http://127.0.0.1:1"
    with flexcancel.Client("fsk_test_hunter2", base_url=url, timeout=0.3) as client:
        client.cancel("fcs_1")
        list(client.cancel_many([]))
    print(before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)))
"""


def test_the_library_sets_no_handler_and_the_command_line_takes_its_own_back() -> None:
    assert script.run(IMPORTED)[:2] == (0, "True\n")
    before = signal.getsignal(signal.SIGTERM)
    assert before is signal.SIG_DFL
    assert _cli.main(["explain", "ok"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
