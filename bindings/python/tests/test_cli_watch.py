"""``flexcancel outbox watch``, as a program of its own; also on a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import rich.console

from flexcancel import Outbox, OutboxCounts, OutboxEntry, OutboxState
from flexcancel._console import Console
from flexcancel._watch import Snapshot, Watch, table

from . import script
from .sandbox import ALWAYS, Sandbox
from .test_cli import environment, start
from .test_cli_outbox import command, run


def test_given_no_terminal_then_watch_tells_what_changes_until_ctrl_c(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    ids = [sandbox.held(), sandbox.held()]
    outbox.enqueue(ids[0])
    program = start(sandbox, "outbox", "watch", str(path), "--interval", "0.01")
    assert program.stdout is not None

    def told(until: str) -> str:
        text = ""
        while until not in text:
            text += program.stdout.readline()  # type: ignore[union-attr]
        return text

    assert told(" delivered\n") == (
        f"1: {ids[0]}: pending (not tried, 0 tries)\n"
        "1 pending (1 due), 0 for a person, 0 delivered\n"
    )
    outbox.enqueue(ids[1])
    assert f"2: {ids[1]}: pending" in told("2 pending")
    outbox.flush()
    found = told("0 pending")
    assert f"1: {ids[0]}: delivered (canceled/ok, 1 try)\n" in found
    assert f"2: {ids[1]}: delivered (canceled/ok, 1 try)\n" in found
    program.send_signal(signal.SIGINT)
    output, complaints = program.communicate(timeout=30)
    assert (program.returncode, complaints) == (130, "")
    assert "\x1b" not in output + found


def test_given_json_then_watch_writes_snapshots(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    outbox.enqueue("fcs_1")
    arguments = ("outbox", "watch", str(path), "--once", "--json")
    exit_code, output, complaints = run(sandbox, *arguments)
    assert (exit_code, complaints) == (3, "")
    snapshot = json.loads(output)
    assert snapshot["counts"]["due"] == 1
    assert [entry["session_id"] for entry in snapshot["entries"]] == ["fcs_1"]


def test_given_another_try_that_leaves_the_counts_as_they_are_then_watch_tells_it_once(
    sandbox: Sandbox, outbox: Outbox
) -> None:
    session_id, told = sandbox.held(), io.StringIO()
    sandbox.fault("status", status=401, body="", headers=[], times=ALWAYS)
    watch = Watch(outbox, Console(told, None), as_json=False)
    for tries in ("1 try", "2 tries"):
        outbox.cancel(session_id)
        told.truncate(told.seek(0))
        watch.show()
        watch.show()
        assert told.getvalue() == (
            f"1: {session_id}: pending (unknown/unauthorized, {tries})\n"
            "1 pending (0 due), 0 for a person, 0 delivered\n"
        )


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, sandbox: Sandbox, *arguments: str, **more: str) -> None:
        self._ours, theirs = pty.openpty()
        variables = {**environment(sandbox), "TERM": "xterm", "COLUMNS": "90", "LINES": "8"}
        self._program = subprocess.Popen(
            command(sandbox, *arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**variables, **more},
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        self.written = ""

    def read_until(self, pattern: str) -> str:
        """What was written since the last time, up to what is waited for."""
        text = ""
        while not re.search(pattern, text):
            text += os.read(self._ours, 4096).decode()
        self.written += text
        return text

    def type(self, text: bytes) -> None:
        os.write(self._ours, text)

    def end(self) -> int:
        exit_code = self._program.wait(timeout=30)
        os.close(self._ours)
        return exit_code


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_given_a_terminal_then_watch_draws_a_table_again_and_again_until_ctrl_c(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    for _ in range(5):
        outbox.enqueue(sandbox.held())
    terminal = Terminal(sandbox, "outbox", "watch", str(path), "--interval", "0.01")
    first = terminal.read_until("and 1 more")
    assert "5 pending (5 due), 0 for a person, 0 delivered" in first
    assert re.search(r"ENTRY +STATE +AGE +NEXT +TRIES +LAST +SESSION", first)
    assert "\x1b[36mpending\x1b[0m" in first
    bare = re.sub(r"\x1b\[\d*m", "", first)
    assert re.search(r" 1  pending +\d+ s +0 s +0  - +fcs_", bare)
    assert len(re.findall("fcs_", first)) == 4, "eight lines have room for four entries"
    again = terminal.read_until("and 1 more")
    assert again.count("\x1b[1A") == 6, "over the table before"
    outbox.flush(max=3)
    terminal.read_until("2 pending .*, 3 delivered")
    body = '{"error":{"code":"checkout_session_not_found","message":"No."}}'
    sandbox.fault("status", status=404, body=body, headers=[], times=ALWAYS)
    outbox.flush(max=1)
    terminal.read_until(r"1 pending .* 1 for a person(.|\n)*\x1b\[35mneeds_attention")
    terminal.type(b"\x03")
    assert terminal.end() == 130
    assert "Traceback" not in terminal.written
    assert "hunter" not in terminal.written


def test_given_no_color_then_watch_draws_the_table_without_it(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    outbox.enqueue("fcs_1")
    terminal = Terminal(sandbox, "outbox", "watch", str(path), "--once", NO_COLOR="1")
    written = terminal.read_until("fcs_1")
    assert re.search(r"1 +pending +\d+ s +0 s +0 +- +fcs_1", written)
    assert not re.search(r"\x1b\[[\d;]*m", written)
    assert terminal.end() == 3


def test_given_a_terminal_that_is_not_to_be_steered_or_no_rich_then_watch_tells_lines(
    sandbox: Sandbox, outbox: Outbox, path: Path, tmp_path: Path
) -> None:
    outbox.enqueue("fcs_1")
    (tmp_path / "rich.py").write_text("raise ImportError", "utf-8")
    without_rich = f"{tmp_path}{os.pathsep}{script.SOURCE}"
    for more in ({"TERM": "dumb"}, {"PYTHONPATH": without_rich}):
        terminal = Terminal(sandbox, "outbox", "watch", str(path), "--once", **more)
        written = terminal.read_until("delivered\r\n")
        assert written.startswith("1: fcs_1: pending (not tried, 0 tries)\r\n1 pending")
        assert "\x1b" not in written
        assert terminal.end() == 3


#: A point in time, for tests that only look at differences.
NOW = datetime(2001, 9, 9, 1, 46, 40, tzinfo=timezone.utc)


def entry(number: int, state: OutboxState, age_s: float, session_id: str = "fcs_1") -> OutboxEntry:
    is_pending, age = state is OutboxState.PENDING, timedelta(seconds=age_s)
    return OutboxEntry(
        id=number,
        session_id=session_id,
        idempotency_key="k",
        expand=(),
        mode=None,
        base_url="http://127.0.0.1",
        state=state,
        created_at=NOW - age,
        asked_at=NOW - age,
        not_after=NOW,
        next_try_at=NOW + age if is_pending else None,
        attempts=1,
        unclear=0,
        in_delivery=False,
        last_outcome=None,
        last_code=None,
        last_message=None,
        ended_at=None if is_pending else NOW,
        acknowledged_at=None,
        raw={},
    )


def drawn(taken: Snapshot, width: int, height: int) -> list[str]:
    """The table as a terminal of a size gets it."""
    console = rich.console.Console(file=io.StringIO(), width=width, force_terminal=True)
    with console.capture() as written:
        console.print(table(taken, NOW, height))
    return written.get().splitlines()


def test_given_any_size_and_any_words_then_the_table_fits_and_cannot_steer_the_terminal() -> None:
    ages = [0, 59.999, 60, 3_599, 3_600, 172_800, 2_592_000, 10**9, -5]
    states = [*OutboxState, OutboxState("lost")]
    entries = tuple(
        entry(number, states[number % len(states)], age, "\x1b[2J" + "x" * 250)
        for number, age in enumerate(ages)
    )
    counts = OutboxCounts(9, 0, 0, 0, 0, 0, 2, 1, None, {})
    taken = Snapshot(counts, (), entries)
    for width in (1, 20, 80, 200):
        for height in (1, 5, 8, 40):
            lines = drawn(taken, width, height)
            bare = [re.sub(r"\x1b\[\d*m", "", line) for line in lines]
            assert all(len(line) <= width and line.isprintable() for line in bare)
            assert len(lines) < max(height, 5)
    shown = re.sub(r"\x1b\[\d*m", "", "\n".join(drawn(taken, 80, 40)))
    for age in ("0 s", "59 s", "1 min", "59 min", "1 h", "2 d", "30 d", "long"):
        assert f" {age} " in shown
