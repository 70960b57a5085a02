"""The command line where a stream is lost: a full disk, a reader that is gone, a closed stream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Optional

import pytest

from flexcancel import Outbox

from .sandbox import Sandbox
from .test_cli import environment, run, start


def without_reader() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


#: Each way to lose what is written to a stream, and what is said of it.
LOST: dict[str, tuple[Optional[Callable[[], int]], str]] = {
    "a full disk": (lambda: os.open("/dev/full", os.O_WRONLY), "No space left on device"),
    "a reader that is gone": (without_reader, "Broken pipe"),
    "a closed stream": (None, "it is closed"),
}


def run_with_lost(
    ways: dict[int, str], sandbox: Sandbox, *arguments: str, **more: str
) -> tuple[int, str, str]:
    """Runs the command line where some of its streams, by number, are lost in a way."""
    lost = {number: LOST[way][0] for number, way in ways.items()}
    files = {number: make() for number, make in lost.items() if make is not None}

    def close() -> None:
        for number, make in lost.items():
            if make is None:
                os.close(number)

    done = subprocess.run(
        [sys.executable, "-m", "flexcancel", *arguments],
        stdout=files.get(1, subprocess.PIPE),
        stderr=files.get(2, subprocess.PIPE),
        stdin=subprocess.DEVNULL,
        preexec_fn=close,
        text=True,
        env={**environment(sandbox), **more},
        timeout=60,
        check=False,
    )
    for file in files.values():
        os.close(file)
    return done.returncode, done.stdout or "", done.stderr or ""


@pytest.mark.parametrize("way", LOST)
def test_given_lost_output_then_all_is_done_and_told_on_standard_error(
    sandbox: Sandbox, way: str
) -> None:
    ids = [sandbox.held() for _ in "abc"]
    arguments = ("cancel", *ids, "--base-url", sandbox.url)
    exit_code, _, complaints = run_with_lost({1: way}, sandbox, *arguments)
    assert exit_code == 73
    first, *told = complaints.splitlines()
    assert first.startswith("flexcancel: standard output: ")
    assert LOST[way][1] in first
    assert [line.split(":")[0] for line in told] == ids
    assert {sandbox.hold(one) for one in ids} == {"released"}


@pytest.mark.parametrize("way", LOST)
def test_given_lost_errors_then_the_exit_code_is_as_ever(sandbox: Sandbox, way: str) -> None:
    held, captured = sandbox.held(), sandbox.held()
    sandbox.capture(captured)
    arguments = ("cancel", held, captured, "--base-url", sandbox.url)
    exit_code, output, _ = run_with_lost({2: way}, sandbox, *arguments)
    assert (exit_code, output.count("\n")) == (1, 3)
    assert run_with_lost({2: way}, sandbox, "cancel") == (64, "", "")
    assert run_with_lost({1: way, 2: way}, sandbox, *arguments)[0] == 73
    assert run_with_lost({1: way, 2: way}, sandbox, "cancel", "--timeout", "x")[0] == 64


#: What can be had again. Whoever ends the pipe, as ``head`` does, has read enough of it.
TELL_NOTHING_NEW = [
    ("--help",),
    ("--version",),
    ("explain",),
    ("explain", "timeout"),
    ("retrieve", "{held}"),
    ("cancel-many", "--dry-run"),
    ("doctor", "{held}"),
    ("outbox", "list"),
    ("outbox", "watch"),
]


@pytest.mark.parametrize("way", LOST)
@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("explain",),
        ("explain", "timeout"),
        ("retrieve", "{held}", "--json", "--base-url", "{url}"),
        ("cancel-many", "--dry-run", "{held}", "--output", "csv", "--base-url", "{url}"),
        ("cancel-many", "--dry-run", "{held}", "--base-url", "{url}"),
        ("doctor", "{held}", "--base-url", "{url}"),
        ("cancel-many", "{held}", "--base-url", "{url}"),
        ("outbox", "list", "{path}", "--base-url", "{url}"),
        ("outbox", "flush", "{path}", "--base-url", "{url}"),
        ("outbox", "ack", "{path}", "1", "--base-url", "{url}"),
        ("outbox", "watch", "{path}", "--base-url", "{url}"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_given_lost_output_of_any_command_then_its_exit_code_says_so(
    sandbox: Sandbox, outbox: Outbox, path: Path, way: str, arguments: tuple[str, ...]
) -> None:
    captured = sandbox.held()
    sandbox.capture(captured)
    outbox.cancel(captured)
    names = {"held": sandbox.held(), "url": sandbox.url, "path": path}
    given = [one.format(**names) for one in arguments]
    exit_code, output, complaints = run_with_lost({1: way}, sandbox, *given)
    if way == "a reader that is gone" and arguments[:2] in TELL_NOTHING_NEW:
        # What was read counts: a hold that can be canceled, and the outbox's worklist.
        reads = bool({"retrieve", "--dry-run", "watch"} & set(arguments))
        assert (exit_code, output) == (2 if reads else 0, "")
        assert complaints.count("\n") == (1 if "--dry-run" in arguments else 0)
        assert "standard output" not in complaints
        return
    assert (exit_code, output) == (73, "")
    assert len(complaints.splitlines()) > 1, "what was lost is on standard error"
    assert "Traceback" not in complaints
    assert run_with_lost({1: way, 2: way}, sandbox, *given)[0] == 73


def test_given_a_name_that_the_stream_cannot_write_then_it_is_told_on_standard_error(
    sandbox: Sandbox,
) -> None:
    body = json.dumps({"error": {"code": "odd", "message": "\u00e9"}}, ensure_ascii=False)
    sandbox.fault("status", status=400, body=body, headers=[])
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    exit_code, output, complaints = run(sandbox, "cancel", sandbox.held(), **ascii_only)
    assert (exit_code, output) == (73, "")
    assert "\\xe9" in complaints


def test_given_closed_input_then_it_is_said(sandbox: Sandbox) -> None:
    done = run_with_lost({0: "a closed stream"}, sandbox, "cancel", "--from", "-")
    assert (done[0], done[2]) == (64, "flexcancel: -: standard input is closed\n")


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["lines", "json"])
def test_given_a_watch_whose_reader_ends_the_pipe_then_it_ends_though_nothing_changes(
    sandbox: Sandbox, outbox: Outbox, path: Path, options: tuple[str, ...]
) -> None:
    outbox.enqueue(sandbox.held())
    arguments = ("outbox", "watch", str(path), "--interval", "3600", *options)
    program = start(sandbox, *arguments)
    assert program.stdout is not None
    assert program.stderr is not None
    assert program.stdout.readline() != ""
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(timeout=0.5)
    program.stdout.close()
    assert program.wait(timeout=10) == 3, "a cancel is pending"
    assert program.stderr.read() == ""
    program.stderr.close()
