"""The command line, as a program of its own."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest

from flexcancel import _cli
from flexcancel._cli_connection import repeating

from . import script
from .sandbox import ALWAYS, KEY, Sandbox

ROOT = Path(__file__).resolve().parents[1]
NOBODY_S = "fcs_01M84AAN57SPQPWY4YDAGVJSFM"
REPEAT = '{"idempotency_key":"till-7","in_doubt":true,"asked_at_ms":1764105107000}'


def environment(sandbox: Sandbox) -> dict[str, str]:
    found = {**os.environ, "PYTHONPATH": str(script.SOURCE), "FLEX_API_KEY": KEY}
    for name in ("NO_COLOR", "PYTHONUNBUFFERED"):
        found.pop(name, None)
    return found


def run(sandbox: Sandbox, *arguments: str, given: str = "", **more: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "flexcancel", *arguments]
    is_named = "--config" in arguments or "--base-url" in arguments
    if arguments[:1] in (("cancel",), ("retrieve",)) and not is_named:
        command += ["--base-url", sandbox.url]
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        env={**environment(sandbox), **more},
        timeout=60,
        check=False,
    )
    assert "hunter" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def start(
    sandbox: Sandbox, *arguments: str, first: Optional[Callable[[], Any]] = None
) -> subprocess.Popen[str]:
    """The command, at work; ``first`` is what its process does before."""
    return subprocess.Popen(
        [sys.executable, "-m", "flexcancel", *arguments, "--base-url", sandbox.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(sandbox),
        preexec_fn=first,
    )


def test_given_each_outcome_then_the_exit_code_tells_it(sandbox: Sandbox) -> None:
    held, captured, lost = sandbox.held(), sandbox.held(), sandbox.held()
    sandbox.capture(captured)
    exit_code, output, complaints = run(sandbox, "cancel", held)
    assert (exit_code, complaints) == (0, "")
    assert output == f"{held}: canceled (ok, hold released): Flex confirmed the cancel\n"
    assert run(sandbox, "cancel", held)[0] == 0
    exit_code, output, _ = run(sandbox, "cancel", captured)
    assert exit_code == 1
    assert "check before refunding" in output
    assert run(sandbox, "cancel", NOBODY_S)[0] == 2
    sandbox.fault("drop_answer", how="rst", times=ALWAYS)
    exit_code, output, _ = run(sandbox, "cancel", lost, "--timeout", "0.3")
    assert exit_code == 3
    shown = output.splitlines()[-1]
    assert shown.startswith(f"  flexcancel cancel {lost} --repeat ")
    assert shown.endswith(f" --base-url {sandbox.url}"), "the repetition goes there, too"
    sandbox.ask("DELETE", "/__sandbox/faults")
    exit_code, output, _ = run(sandbox, *shlex.split(shown)[1:], "--json")
    key = json.loads(shlex.split(shown)[-3])["idempotency_key"]
    assert (exit_code, json.loads(output)["idempotency_key"]) == (0, key)
    assert sandbox.hold(lost) == "released"


def test_given_a_retrieve_then_the_exit_code_tells_where_the_money_is(sandbox: Sandbox) -> None:
    held, captured, canceled = sandbox.held(), sandbox.held(), sandbox.held()
    sandbox.capture(captured)
    assert run(sandbox, "cancel", canceled)[0] == 0
    found = [run(sandbox, "retrieve", one)[0] for one in (canceled, captured, held, NOBODY_S)]
    assert found == [0, 1, 2, 3]
    assert sandbox.hold(held) == "held"


def test_given_ids_in_a_file_and_on_stdin_then_each_is_canceled(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ids = [sandbox.held() for _ in range(4)]
    file = tmp_path / "ids"
    file.write_bytes(f"\ufeff# till 7\r\n{ids[1]}\r\n\r\n  {ids[2]}  \n".encode())
    exit_code, output, complaints = run(sandbox, "cancel", ids[0], "--from", str(file))
    assert (exit_code, complaints) == (0, "")
    assert [line.split(":")[0] for line in output.splitlines()] == ids[:3]
    exit_code, output, _ = run(sandbox, "cancel", "--json", "--from", "-", given=ids[3])
    assert (exit_code, json.loads(output)["session_id"]) == (0, ids[3])
    assert {sandbox.hold(one) for one in ids} == {"released"}
    for command, what in (("cancel", "cancel"), ("retrieve", "read")):
        told = f"flexcancel: there is no session to {what}: the input has no id\n"
        assert run(sandbox, command, "--from", "-", given="# none\n") == (0, "", told)


def test_given_the_settings_of_an_unknown_then_its_line_repeats_it_with_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    file, config = tmp_path / "the key", tmp_path / "flexcancel.json"
    file.write_text(f"{KEY}\n", "utf-8")
    config.write_text(json.dumps({"api_key": KEY, "base_url": sandbox.url}), "utf-8")
    at = ("--base-url", sandbox.url)
    for options, variables in (
        (("--key-env", "MY_KEY", *at), {"MY_KEY": KEY, "FLEX_API_KEY": ""}),
        (("--key-file", str(file), *at, "--trust", "bundled"), {"FLEX_API_KEY": ""}),
        (("--config", str(config)), {"FLEX_API_KEY": ""}),
        ((*at, "--proxy", "none"), {}),
    ):
        held = sandbox.held()
        sandbox.fault("drop_answer", how="rst", times=ALWAYS)
        exit_code, output, _ = run(
            sandbox, "cancel", held, "--timeout", "0.3", *options, **variables
        )
        sandbox.clear_faults()
        words = shlex.split(output.splitlines()[-1])
        assert (exit_code, tuple(words[5:])) == (3, options)
        assert run(sandbox, *words[1:], **variables)[0] == 0
        assert sandbox.hold(held) == "released"


def test_given_a_proxy_with_a_password_then_the_line_of_an_unknown_does_not_show_it() -> None:
    given = ["cancel", "fcs_1", "--proxy", "http://till:hunter2@proxy:8080", "--ca-file", "a b"]
    line, note = repeating(_cli.parser().parse_args(given), "fcs_1", "JSON")
    assert line == "flexcancel cancel fcs_1 --repeat JSON --ca-file 'a b' --proxy PROXY"
    assert note.startswith("PROXY: ")
    given[3] = "http://proxy:8080"
    (line,) = repeating(_cli.parser().parse_args(given), "fcs_1", "JSON")
    assert line.endswith("--proxy http://proxy:8080")


def test_given_several_then_the_worst_counts_and_none_keeps_the_others(sandbox: Sandbox) -> None:
    held = sandbox.held()
    exit_code, output, _ = run(sandbox, "cancel", "not an id", NOBODY_S, held, "--json")
    assert exit_code == 2
    results = [json.loads(line) for line in output.splitlines()]
    assert [one["code"] for one in results] == ["invalid_session_id", "not_found", "ok"]
    assert sandbox.hold(held) == "released"


def test_given_options_one_by_one_then_they_arrive(sandbox: Sandbox) -> None:
    held = sandbox.held()
    options = ("--idempotency-key", "till-7", "--first-use", "--asked-at", str(time.time()))
    exit_code, output, _ = run(sandbox, "cancel", held, *options, "--verify", "--json")
    assert (exit_code, json.loads(output)["idempotency_key"]) == (0, "till-7")
    assert json.loads(output)["attempts"][0]["operation"] == "cancel"


def test_given_a_configuration_file_then_it_stands_in_place_of_all_else(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "flexcancel.json"
    file.write_text(json.dumps({"api_key": KEY, "base_url": sandbox.url}), encoding="utf-8")
    held = sandbox.held()
    assert run(sandbox, "cancel", held, "--config", str(file))[0] == 0
    assert sandbox.hold(held) == "released"
    arguments = ("cancel", held, "--config", str(file), "--base-url", "http://127.0.0.1:1")
    exit_code, _, complaints = run(sandbox, *arguments)
    assert exit_code == 64
    assert "--base-url: expected in the --config file" in complaints


def test_given_words_of_the_provider_s_then_they_cannot_steer_the_terminal(
    sandbox: Sandbox,
) -> None:
    body = json.dumps({"error": {"code": "odd", "message": "\x1b[2Jgone\x07"}})
    sandbox.fault("status", status=400, body=body, headers=[])
    exit_code, output, _ = run(sandbox, "cancel", sandbox.held())
    assert exit_code == 2
    assert "gone" in output
    assert "\x1b" not in output
    exit_code, output, _ = run(sandbox, "cancel", "\x1b[2J", "\u202e")
    assert exit_code == 2
    assert [line[:5] for line in output.splitlines()[::2]] == ["?[2J:", "?: no"]


def interrupted(sandbox: Sandbox, requests: int, *arguments: str) -> tuple[str, str]:
    """What the command says that gets a Ctrl-C after so many requests."""
    program = start(sandbox, *arguments)
    sandbox.wait_for_requests(requests)
    program.send_signal(signal.SIGINT)
    output, complaints = program.communicate(timeout=30)
    assert program.returncode == 130
    return output, complaints


def test_given_ctrl_c_then_what_is_known_is_told_and_what_was_not_tried(sandbox: Sandbox) -> None:
    ids = [sandbox.held() for _ in range(3)]
    sandbox.fault("drop_answer", how="stall", times=ALWAYS, apply=False)
    output, complaints = interrupted(sandbox, 1, "cancel", *ids, "--json")
    assert complaints == (
        f"flexcancel: {ids[1]}: not tried\nflexcancel: {ids[2]}: not tried\n"
        "flexcancel: interrupted\n"
    )
    result = json.loads(output)
    assert (result["session_id"], result["outcome"]) == (ids[0], "unknown")


UNEXPECTED = """
    import sys
    from flexcancel import Client, _cli
    cancel = Client.cancel
    def broken(client, session_id, **options):
        if session_id == sys.argv[-2]:
            raise MemoryError("none left")
        return cancel(client, session_id, **options)
    Client.cancel = broken
    sys.exit(_cli.main(sys.argv[1:]))
"""


def test_given_an_unexpected_error_then_no_outcome_is_claimed_and_the_rest_is_listed(
    sandbox: Sandbox,
) -> None:
    ids = [sandbox.held() for _ in "abc"]
    arguments = ("cancel", "--base-url", sandbox.url, *ids)
    exit_code, output, complaints = script.run(UNEXPECTED, *arguments, FLEX_API_KEY=KEY)
    assert (exit_code, output.split(":")[0]) == (70, ids[0])
    unknown, not_tried, first, *trace = complaints.splitlines()
    assert unknown == f"flexcancel: {ids[1]}: its result is not known"
    assert not_tried == f"flexcancel: {ids[2]}: not tried"
    assert first == "flexcancel: unexpected error"
    assert trace[-1] == "MemoryError: none left"
    assert [sandbox.hold(one) for one in ids] == ["released", "held", "held"]


@pytest.mark.parametrize("command", [("cancel", "fcs_1"), ("outbox", "list", "f"), ("--version",)])
def test_given_a_library_that_cannot_be_loaded_then_the_exit_code_says_so(
    sandbox: Sandbox, command: tuple[str, ...]
) -> None:
    done = run(sandbox, *command, FLEXCANCEL_LIBRARY=__file__)
    assert done[:2] == (69, "")
    assert done[2].startswith("flexcancel: cannot load the native library ")
    assert done[2].count("\n") == 1
    assert run(sandbox, "--help", FLEXCANCEL_LIBRARY=__file__)[0] == 0


def on_terminal(sandbox: Sandbox, *arguments: str, both: bool = True, **more: str) -> str:
    """What the command line writes to a terminal: both outputs, or standard error alone."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "flexcancel", *arguments, "--base-url", sandbox.url]
    variables = {**environment(sandbox), "TERM": "xterm", "COLUMNS": "100", **more}
    output = theirs if both else subprocess.DEVNULL
    program = subprocess.Popen(command, stdout=output, stderr=theirs, env=variables)
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        written += part
    os.close(ours)
    assert program.wait(timeout=30) == 0
    return written.decode()


def test_given_a_terminal_then_there_is_colour_unless_the_environment_says_otherwise(
    sandbox: Sandbox,
) -> None:
    session_id = sandbox.held()
    assert "\x1b[32mcanceled\x1b[0m" in on_terminal(sandbox, "cancel", session_id)
    assert "\x1b[" not in on_terminal(sandbox, "cancel", session_id, NO_COLOR="1")
    assert "\x1b[" not in on_terminal(sandbox, "cancel", session_id, TERM="dumb")


def test_given_a_terminal_for_standard_error_then_there_is_a_progress_bar(sandbox: Sandbox) -> None:
    ids = [sandbox.held() for _ in range(3)]
    sandbox.fault("delay", ms=150, times=ALWAYS)
    written = on_terminal(sandbox, "cancel", *ids, both=False)
    assert "━" in written
    assert "2/3" in written
    assert "2/3" not in on_terminal(sandbox, "cancel", *ids, both=False, TERM="dumb")
    assert "/1" not in on_terminal(sandbox, "cancel", ids[0], both=False)


def test_given_help_and_version_then_they_are_told(sandbox: Sandbox) -> None:
    exit_code, output, _ = run(sandbox, "--help")
    assert exit_code == 0
    assert "Exit status of cancel, cancel-many:\n    0  voided\n" in output
    exit_code, output, _ = run(sandbox, "--version")
    assert (exit_code, output.startswith("flexcancel 0.")) == (0, True)


def test_the_example_s_till_says_what_the_cashier_may_say(sandbox: Sandbox) -> None:
    held = sandbox.held(amount_total=4999)
    command = [sys.executable, str(ROOT / "examples/cancel.py"), held]
    variables = {**environment(sandbox), "FLEX_BASE_URL": sandbox.url}
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("VOIDED: Nothing more to do")
    assert "status canceled, total 4999 cents" in done.stdout
    assert sandbox.hold(held) == "released"


def test_given_the_base_url_s_variable_then_it_names_the_service_unless_an_argument_does(
    sandbox: Sandbox,
) -> None:
    session_id = sandbox.held()

    def told(*arguments: str, base_url: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "flexcancel", "cancel", session_id, *arguments]
        variables = {**environment(sandbox), "FLEX_BASE_URL": base_url}
        done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
        return done.returncode, done.stdout + done.stderr

    assert told(base_url="") == (64, "flexcancel: FLEX_BASE_URL is set but empty\n")
    exit_code, complaint = told(base_url=f"{sandbox.url}/v1")
    assert (exit_code, "ends in /v1" in complaint) == (64, True)
    assert sandbox.hold(session_id) == "held"
    assert told(base_url=sandbox.url)[0] == 0
    assert told("--base-url", sandbox.url, base_url="http://127.0.0.1:1")[0] == 0
    assert sandbox.hold(session_id) == "released"


def test_given_a_hold_that_is_read_then_no_cancel_is_said_to_be_not_applied(
    sandbox: Sandbox,
) -> None:
    held = sandbox.held()
    exit_code, output, _ = run(sandbox, "retrieve", held)
    assert exit_code == 2
    assert output.startswith(f"{held}: can be canceled (ok, hold held): ")
