"""The command line with arguments that cannot be used: nothing is sent, and it says why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flexcancel import _cli
from flexcancel._exit_codes import UsageError

from . import script
from .sandbox import KEY, Sandbox
from .test_cli import REPEAT, environment, run

HUGE = '{"idempotency_key":"k","in_doubt":true,"asked_at":1e308}'


def options_with_one_value() -> list[list[str]]:
    """Each option of each command that takes one value, after what the command needs."""
    found = []
    commands = {"retrieve": ["fcs_1"], "outbox list": ["f"], "outbox withdraw": ["f", "1"]}
    for name in ("cancel", "retrieve", "cancel-many", "doctor", "outbox list", "outbox withdraw"):
        command = _cli.parser()
        for word in name.split():
            (choices,) = (one.choices for one in command._actions if one.dest in SUBCOMMANDS)
            command = dict(choices or {})[word]
        for action in command._actions:
            if action.option_strings and action.nargs is None and action.dest not in REPEATABLE:
                given = (action.choices and next(iter(action.choices))) or "1"
                option = [action.option_strings[0], str(given)]
                found.append([*name.split(), *commands.get(name, []), *option, *option])
    return found


SUBCOMMANDS = ("command", "outbox_command")


REPEATABLE = ("expand", "states")


def test_given_an_option_with_one_value_twice_then_it_is_refused() -> None:
    given = options_with_one_value()
    assert len(given) > 60
    for arguments in given:
        with pytest.raises(UsageError, match=rf"{arguments[-2]}\b.*: expected once, found twice"):
            _cli.parser().parse_args(arguments)


def test_given_two_lists_then_neither_is_dropped_in_silence(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    for name in "ab":
        (tmp_path / name).write_text(f"{sandbox.held()}\n", "utf-8")
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    for command in ("cancel", "cancel-many", "retrieve"):
        done = run(sandbox, command, "--from", first, "--from", second)
        assert done[:2] == (64, "")
        assert "--from: expected once, found twice" in done[2]
    assert sandbox.requests() == []
    options = _cli.parser().parse_args(["cancel", "a", "--expand", "x", "--expand", "y"])
    assert options.expand == ["x", "y"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("cancel", "--outbox", "fcs_1", "fcs_2"),
        ("outbox", "enqueue", "fcs_1", "fcs_2"),
        ("outbox", "flush", "fcs_1"),
        ("outbox", "withdraw", "fcs_1", "1", "--reason", "why"),
        ("cancel-many", "--journal", "fcs_1", "fcs_2"),
    ],
    ids=" ".join,
)
def test_given_an_id_in_the_place_of_a_file_then_no_file_is_made(
    sandbox: Sandbox, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flexcancel", *arguments, "--base-url", sandbox.url],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(sandbox),
        check=False,
    )
    assert (done.returncode, done.stdout) == (64, "")
    assert "found fcs_1, which looks like a session's id; the file comes first\n" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required"),
        (["cancel"], "expected the id of a session, or --from FILE"),
        (["cancel", "a/b"], "session_id: expected 1 to 255"),
        (["cancel", "fcs_1", "--timeout", "0"], "timeout: expected a number of seconds from"),
        (["cancel", "fcs_1", "--timeout", "soon"], "invalid float value"),
        (["cancel", "fcs_1", "--timeout", "1e308"], "timeout: expected a number of seconds from"),
        (["cancel", "fcs_1", "--asked-at", "1e308"], "asked_at: expected a number of seconds from"),
        (["cancel-many", "fcs_1", "--timeout", "1e308"], "timeout: expected a number of seconds"),
        (["cancel", "a", "--repeat", HUGE], "asked_at: expected a number of seconds from 0 to"),
        (["cancel", "a", "--repeat", REPEAT.replace("17", "9" * 400)], "--repeat: expected a JSON"),
        (
            ["cancel-many", "fcs_1", "--journal", "j", "--reason", "caf\udce9"],
            "reason: expected UTF-8",
        ),
        (["cancel", "fcs_1", "--base-url", "caf\udce9"], "base_url: expected UTF-8"),
        (["cancel", "fcs_1", "--expand", "caf\udce9"], "expand: expected UTF-8"),
        (["cancel", "fcs_1", "--api-key", "x"], "unrecognized arguments"),
        (["cancel", "fcs_1", "--key-env", "NO_SUCH_KEY"], "api_key_env"),
        (["cancel", "fcs_1", "--key-file", "/nonexistent"], "api_key_file"),
        (["cancel", "fcs_1", "--from", "/nonexistent"], "/nonexistent: cannot be read"),
        (["cancel", "a", "b", "--idempotency-key", "k"], "--idempotency-key: expected one"),
        (["cancel", "a", "--in-doubt"], "in_doubt: expected together with idempotency_key"),
        (["cancel", "a", "--in-doubt", "--first-use"], "not allowed with argument --in-doubt"),
        (["cancel", "a", "--asked-at", "-1"], "asked_at: expected a number of seconds from 0"),
        (["cancel", "a", "--asked-at", "now"], "invalid float value"),
        (["cancel", "a", "b", "--repeat", "{}"], "--repeat: expected one session, found several"),
        (
            ["cancel", "a", "--repeat", "{}"],
            "--repeat: expected a JSON object with idempotency_key",
        ),
        (["cancel", "a", "--repeat", "k"], "--repeat: expected a JSON object"),
        (["cancel", "a", "--repeat", REPEAT, "--first-use"], "--in-doubt: expected in --repeat"),
        (["cancel", "a", "--repeat", REPEAT.replace("true", "1")], "in_doubt: expected"),
        (["retrieve", "a", "--idempotency-key", "k"], "unrecognized arguments"),
        (["retrieve", "a", "--repeat", REPEAT], "unrecognized arguments"),
        (["cancel", "a", "--config", "/nonexistent"], "/nonexistent: cannot be read"),
    ],
)
def test_given_wrong_usage_then_it_says_so_and_sends_nothing(
    sandbox: Sandbox, arguments: list[str], message: str
) -> None:
    exit_code, output, complaints = run(sandbox, *arguments)
    assert (exit_code, output) == (64, ""), complaints
    assert message in complaints
    assert "Traceback" not in complaints
    assert "its result is not known" not in complaints
    assert sandbox.requests() == []


def test_given_a_bad_line_in_a_file_then_it_is_named_and_nothing_is_sent(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    held = sandbox.held()
    file = tmp_path / "ids.txt"
    for content, complaint in (
        (f"{held}\n\nfcs 7\n".encode(), ":3: expected one session's id"),
        (f"{held},fcs_2\n".encode(), ":1: expected one session's id"),
        (held.encode("utf-16"), ": expected UTF-8, found UTF-16; save it as UTF-8"),
        (b"fcs_\xe4", ": expected UTF-8, found something else"),
    ):
        file.write_bytes(content)
        exit_code, output, complaints = run(sandbox, "cancel", "--from", str(file))
        assert (exit_code, output) == (64, "")
        assert complaints.startswith(f"flexcancel: {file}{complaint}")
    assert sandbox.hold(held) == "held"
    assert run(sandbox, "cancel", "--from", "-", given=f"\ufeff{held}\n")[0] == 0
    assert sandbox.hold(held) == "released"


IN_PREPARATION = """
    import sys
    from flexcancel import _arguments, _cli
    def broken(*_):
        raise ZeroDivisionError
    _arguments._milliseconds = broken
    sys.exit(_cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", ["cancel", "retrieve", "cancel-many"])
def test_given_an_error_before_any_call_then_no_result_is_said_to_be_unknown(
    sandbox: Sandbox, command: str
) -> None:
    arguments = (command, sandbox.held(), "--timeout", "5", "--base-url", sandbox.url)
    exit_code, output, complaints = script.run(IN_PREPARATION, *arguments, FLEX_API_KEY=KEY)
    assert (exit_code, output) == (70, "")
    assert complaints.startswith("flexcancel: unexpected error\n")
    assert "its result is not known" not in complaints
    assert sandbox.requests() == []
