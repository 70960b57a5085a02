"""The command ``cancel-many``: what it says while it runs."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from flexcancel import _progress, _waiting
from flexcancel._console import Stream

from . import script
from .sandbox import ALWAYS, Sandbox
from .test_cli import environment
from .test_cli_bulk import on_terminal, run


def test_given_a_service_that_is_away_then_it_says_so_while_it_waits(sandbox: Sandbox) -> None:
    sandbox.fault("status", status=401, body="{}", headers=[], times=ALWAYS)
    ids = [sandbox.held() for _ in range(20)]
    program = subprocess.Popen(
        [sys.executable, "-m", "flexcancel", "cancel-many", *ids, "--concurrency", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(sandbox), "FLEX_BASE_URL": sandbox.url},
    )
    assert program.stderr is not None
    told = program.stderr.readline()
    program.send_signal(signal.SIGINT)
    rest = program.communicate(timeout=60)[1]
    assert re.match(r"flexcancel: no result for \d+ s: fcs_\w+: .*unauthorized", told), told + rest
    assert program.returncode == 130, rest


def test_given_results_then_no_waiting_is_told() -> None:
    now = [0.0]
    told: list[str] = []
    failure = logging.makeLogRecord({"msg": "fcs_1: connect", "levelno": logging.WARNING})
    waiting = _waiting.Waiting(told.append, lambda: now[0])
    for now[0], has_result in ((2.9, False), (3.0, True), (5.9, False), (6.5, False), (7.0, False)):
        if has_result:
            waiting.has_result()
        else:
            waiting.emit(failure)
    assert told == ["no result for 4 s: fcs_1: connect"]
    now[0] = 16.5
    waiting.emit(failure)
    assert told[1:] == ["no result for 14 s: fcs_1: connect"]


def test_given_a_terminal_then_the_progress_has_the_rate_and_the_time_left(
    sandbox: Sandbox,
) -> None:
    ids = [sandbox.held() for _ in range(30)]
    _, written = on_terminal(sandbox, *ids, "--rate", "20", both=False)
    assert "━" in written
    assert "/30" in written
    assert "per second" in written
    assert "0:00:0" in written
    assert "30 sessions in " in written
    quiet = on_terminal(sandbox, *ids, "--rate", "20", both=False, TERM="dumb")[1]
    assert "per second" not in quiet
    assert run(sandbox, *ids)[2].count("\n") == 1


def test_given_no_rich_or_results_on_the_terminal_then_the_progress_is_lines(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ids = [sandbox.held() for _ in range(50)]
    (tmp_path / "rich.py").write_text("raise ImportError", "utf-8")
    path = f"{tmp_path}{os.pathsep}{script.SOURCE}"
    for both, more in ((True, {}), (False, {"PYTHONPATH": path})):
        _, written = on_terminal(sandbox, *ids, "--rate", "20", both=both, **more)
        assert "━" not in written
        assert "/50, " in written
        assert " s left" in written


def test_given_a_clock_then_lines_come_at_intervals() -> None:
    class Kept(Stream):
        def __init__(self) -> None:
            self.lines: list[str] = []

        def write(self, text: str, *, may_be_cut: bool = False) -> bool:
            self.lines.append(text)
            return True

    kept, times = Kept(), iter((0.0, 0.5, 2.0, 2.5, 10.0))
    lines = _progress.Lines(100, kept, lambda: next(times))
    for done in (1, 10, 11, 50):
        lines.show(done)
    assert kept.lines == [
        "flexcancel: 10/100, 5.0 per second, 18 s left\n",
        "flexcancel: 50/100, 5.0 per second, 10 s left\n",
    ]
    assert _progress.line(0, 100, 0.0) == "0/100, 0.0 per second"
