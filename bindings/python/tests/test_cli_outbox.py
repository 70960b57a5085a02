"""The command line's outbox, as a program of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flexcancel import Client, Outbox

from .sandbox import ALWAYS, KEY, Sandbox
from .test_cli import environment, start

NOBODY_S = "fcs_01M84AAN57SPQPWY4YDAGVJSFM"


def command(sandbox: Sandbox, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "flexcancel", *arguments, "--base-url", sandbox.url]


def run(sandbox: Sandbox, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        command(sandbox, *arguments),
        capture_output=True,
        text=True,
        env=environment(sandbox),
        timeout=60,
        check=False,
    )
    assert "hunter" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_given_an_outage_when_canceled_with_an_outbox_then_it_is_kept_and_a_flush_delivers_it(
    sandbox: Sandbox, path: Path
) -> None:
    lost, held = sandbox.held(), sandbox.held()
    sandbox.fault("status", status=401, body="", headers=[], times=ALWAYS)
    arguments = ("cancel", "--outbox", str(path), lost)
    exit_code, output, _ = run(sandbox, *arguments)
    assert exit_code == 3, "it is not surely undone: it is still to come"
    assert "outbox: entry 1, pending" in output
    exit_code, output, complaints = run(sandbox, "outbox", "flush", str(path))
    assert exit_code == 3
    first, due, why, counts = output.splitlines()
    assert first == f"1: {lost}: waits"
    assert re.match(rf"  due in \d+ s, at .*; for {re.escape(sandbox.url)}, test mode", due)
    assert why.startswith("  "), "it says why it waits"
    assert counts == "1 pending (0 due), 0 for a person, 0 delivered"
    assert complaints == "", "it waits for its turn"
    sandbox.ask("DELETE", "/__sandbox/faults")
    with Client(KEY, base_url=sandbox.url) as client, Outbox(client, path) as outbox:
        outbox.enqueue(held)
    exit_code, output, _ = run(sandbox, "outbox", "flush", str(path))
    assert exit_code == 3
    assert output.startswith(f"2: {held}: delivered (canceled/ok, 1 try)\n1: {lost}: waits\n")
    exit_code, output, _ = run(sandbox, "outbox", "flush", str(path), "--now")
    assert exit_code == 0, "it is tried at once"
    assert output.startswith(f"1: {lost}: delivered (canceled/ok, 2 tries)\n0 pending")
    assert run(sandbox, "outbox", "flush", str(path))[0] == 0
    assert (sandbox.hold(lost), sandbox.hold(held)) == ("released", "released")


def test_given_a_worklist_then_it_is_listed_and_acknowledged_to_its_end(
    sandbox: Sandbox, path: Path
) -> None:
    captured, file = sandbox.held(), str(path)
    sandbox.capture(captured)
    done = run(sandbox, "cancel", "--outbox", file, captured, NOBODY_S, sandbox.held())
    assert done[0] == 2
    assert run(sandbox, "outbox", "flush", file)[0] == 2
    exit_code, output, _ = run(sandbox, "outbox", "list", file, "--worklist")
    assert exit_code == 0
    first, words, second, _ = output.splitlines()
    assert first == f"1: {captured}: refused (not_cancelable/not_cancelable, 1 try)"
    assert words.startswith("  ")
    assert second.startswith(f"2: {NOBODY_S}: needs_attention (not_applied/not_found")
    exit_code, output, complaints = run(sandbox, "outbox", "ack", file, "1", "7", "2")
    assert (exit_code, complaints) == (2, "flexcancel: the outbox has no entry 7\n")
    assert [line.split(" (")[0][-12:] for line in output.splitlines()] == ["acknowledged"] * 2
    assert run(sandbox, "outbox", "list", file, "--worklist") == (0, "nothing to do\n", "")
    assert run(sandbox, "outbox", "ack", file, "1")[0] == 0
    assert run(sandbox, "outbox", "flush", file)[0] == 0
    assert run(sandbox, "outbox", "watch", file, "--once")[0] == 0


def test_given_no_key_then_a_person_sees_to_the_outbox_and_only_a_flush_is_refused(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    for name in "abc":
        outbox.enqueue(f"fcs_{name}")
    variables = environment(sandbox)
    del variables["FLEX_API_KEY"]

    def keyless(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            command(sandbox, "outbox", *arguments),
            capture_output=True,
            text=True,
            env=variables,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    file = str(path)
    assert keyless("stats", file) == (0, "3 pending (3 due), 0 for a person, 0 delivered\n")
    exit_code, output = keyless("list", file, "--session", "fcs_a")
    assert (exit_code, output.splitlines()[1]) == (0, f"  due now; for {sandbox.url}, test mode")
    assert keyless("ack", file, "1") == (2, "flexcancel: entry 1 is still pending\n")
    exit_code, output = keyless("withdraw", file, "1", "7", "--reason", "sold by hand")
    assert exit_code == 2
    assert "1: fcs_a: expired, acknowledged (not_applied/outbox_expired, 0 tries)\n" in output
    assert "no entry 7" in output
    assert keyless("withdraw", file, "2", "--reason", "")[0] == 64
    assert keyless("watch", file, "--once")[0] == 3
    for arguments in (["flush", file], ["enqueue", file, "fcs_d"]):
        exit_code, output = keyless(*arguments)
        assert exit_code == 64
        assert "api_key_env" in output
    assert sandbox.requests() == []


def test_given_entries_of_another_service_then_a_flush_says_that_it_never_delivers_them(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    other = "https://flex.test"
    with Client(KEY, base_url=f"{other}/") as client, Outbox(client, path) as theirs:
        theirs.enqueue("fcs_1")
    with Client("fsk_live_hunter2", base_url=sandbox.url) as client, Outbox(client, path) as live:
        live.enqueue("fcs_2")
    with Client("no-mode", base_url=sandbox.url) as client, Outbox(client, path) as unknown:
        unknown.enqueue(sandbox.held())
    exit_code, output, _ = run(sandbox, "outbox", "flush", str(path))
    assert exit_code == 3
    delivered, first, second, own, counts = output.splitlines()
    assert delivered.startswith("3: ")
    kept, never = "kept for another service or mode", "this key never delivers it"
    assert first == f"1: fcs_1: {kept} ({other}, test mode): {never}"
    assert second == f"2: fcs_2: {kept} ({sandbox.url}, live mode): {never}"
    assert own == f"the flush was for {sandbox.url}, test mode"
    assert counts.endswith(", 2 for another service or mode")


def test_given_entries_that_have_ended_then_a_withdrawal_says_so(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    held, file = sandbox.held(), str(path)
    assert run(sandbox, "cancel", "--outbox", file, held)[0] == 0
    outbox.enqueue("fcs_1")
    arguments = ("outbox", "withdraw", file, "1", "2", "--reason", "sold by hand")
    exit_code, output, complaints = run(sandbox, *arguments)
    assert exit_code == 2
    assert [line.split(" (")[0] for line in output.splitlines()] == [
        f"1: {held}: delivered",
        "2: fcs_1: expired, acknowledged",
    ]
    ended = "it had ended before ({}), and is not withdrawn"
    assert complaints == f"flexcancel: entry 1: {ended.format('delivered')}\n"
    outbox.enqueue("fcs_2")
    again = ("outbox", "withdraw", file, "--json", "--reason", "x")
    exit_code, output, complaints = run(sandbox, *again, "2", "3")
    assert (exit_code, len(output.splitlines())) == (2, 2)
    assert complaints == f"flexcancel: entry 2: {ended.format('expired')}\n"
    outbox.enqueue("fcs_3")
    assert run(sandbox, *again, "4")[::2] == (0, "")
    for number in ("0", str(2**63), str(2**70)):
        _, _, complaints = run(sandbox, *again, number)
        assert "after" not in complaints


def test_given_sessions_when_enqueued_then_they_are_kept_in_a_new_file_and_a_flush_delivers_them(
    sandbox: Sandbox, path: Path
) -> None:
    ids = [sandbox.held(), sandbox.held()]
    exit_code, output, _ = run(sandbox, "outbox", "enqueue", str(path), *ids)
    assert exit_code == 3
    assert output.splitlines()[1] == f"2: {ids[1]}: pending (not tried, 0 tries)"
    assert sandbox.requests() == []
    assert run(sandbox, "outbox", "flush", str(path))[0] == 0
    assert [sandbox.hold(one) for one in ids] == ["released", "released"]


def test_given_entries_when_listed_then_each_filter_counts(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    for name in "abc":
        outbox.enqueue(f"fcs_{name}")
    outbox.cancel(sandbox.held())

    def listed(*arguments: str) -> list[int]:
        exit_code, output, complaints = run(
            sandbox, "outbox", "list", str(path), "--json", *arguments
        )
        assert (exit_code, complaints) == (0, "")
        return [json.loads(line)["id"] for line in output.splitlines()]

    assert listed() == [1, 2, 3, 4]
    assert listed("--state", "pending") == [1, 2, 3]
    assert listed("--state", "pending", "--state", "delivered", "--after", "2") == [3, 4]
    assert listed("--session", "fcs_b") == [2]
    assert listed("--max", "2") == [1, 2]
    assert sandbox.requests()[0]["number"] == 1
    assert len(sandbox.requests()) == 1, "a list sends nothing"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["outbox"], 64, "usage: flexcancel outbox"),
        (["outbox", "list"], 64, "the following arguments are required: FILE"),
        (["outbox", "list", "{none}"], 64, "none.db: expected an outbox's file, found nothing"),
        (["outbox", "flush", "{none}"], 64, "none.db: expected an outbox's file, found nothing"),
        (["outbox", "list", "{path}", "--state", "lost"], 64, "invalid choice: 'lost'"),
        (["outbox", "list", "{path}", "--state", "pending", "--worklist"], 64, "not allowed"),
        (["outbox", "list", "{path}", "--max", "0"], 64, "max: expected a whole number from 1"),
        (["outbox", "flush", "{path}", "--timeout", "0"], 64, "timeout: expected a number of s"),
        (["outbox", "ack", "{path}"], 64, "the following arguments are required: ENTRY"),
        (["outbox", "ack", "{path}", "one"], 64, "invalid int value"),
        (["outbox", "watch", "{path}", "--interval", "0"], 64, "expected seconds, above 0"),
        (["outbox", "watch", "{path}", "--interval", "nan"], 64, "expected seconds, above 0"),
        (["outbox", "list", "{path}", "--key-env", "NO_SUCH_KEY"], 64, "api_key_env"),
        (["outbox", "list", "{folder}"], 74, "outbox_unsafe"),
        (["cancel", "fcs_1", "--outbox", "{folder}"], 74, "outbox_unsafe"),
        (["cancel", "fcs_1", "--outbox", "{folder}/none/o.db"], 74, "outbox_io"),
        (["retrieve", "fcs_1", "--outbox", "{path}"], 64, "unrecognized arguments"),
    ],
)
def test_given_wrong_usage_or_a_file_that_cannot_be_used_then_it_says_so_and_sends_nothing(
    sandbox: Sandbox,
    outbox: Outbox,
    path: Path,
    arguments: list[str],
    exit_code: int,
    message: str,
) -> None:
    none = path.with_name("none.db")
    named = [one.format(path=path, none=none, folder=path.parent) for one in arguments]
    found, output, complaints = run(sandbox, *named)
    assert (found, output) == (exit_code, ""), complaints
    assert message in complaints
    assert sandbox.requests() == []
    assert not none.exists()


@pytest.mark.parametrize("content", [b"", b"fcs_1\n" * 1000])
def test_given_a_file_that_is_no_outbox_then_it_stays_as_it_is(
    sandbox: Sandbox, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    for arguments in (
        ["outbox", "list", str(path)],
        ["outbox", "flush", str(path)],
        ["outbox", "ack", str(path), "1"],
        ["outbox", "watch", str(path), "--once"],
        ["cancel", "fcs_1", "--outbox", str(path)],
    ):
        exit_code, output, complaints = run(sandbox, *arguments)
        assert (exit_code, output) == (74, "")
        assert "is not an outbox; left as it is" in complaints
        assert path.read_bytes() == content
        assert list(path.parent.iterdir()) == [path]
    assert sandbox.requests() == []


def test_given_json_then_a_flush_is_one_object(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    outbox.enqueue(sandbox.held())
    exit_code, output, _ = run(sandbox, "outbox", "flush", str(path), "--json")
    report = json.loads(output)
    assert (exit_code, report["code"], report["outbox"]["counts"]["delivered"]) == (0, "ok", 1)
    assert report["outbox"]["entries"][0]["state"] == "delivered"


def test_given_ctrl_c_then_a_flush_tells_what_it_did(
    sandbox: Sandbox, outbox: Outbox, path: Path
) -> None:
    outbox.enqueue(sandbox.held())
    sandbox.stall()
    program = start(sandbox, "outbox", "flush", str(path))
    sandbox.wait_for_requests(1)
    program.send_signal(signal.SIGINT)
    output, complaints = program.communicate(timeout=30)
    assert program.returncode == 130
    assert "pending (unknown/aborted, 1 try)" in output
    assert complaints.endswith("flexcancel: interrupted\n")
