"""The command ``cancel-many``, as a program of its own."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flexcancel import _cli_bulk

from .sandbox import ALWAYS, KEY, Sandbox
from .test_cli import NOBODY_S, environment, interrupted

LIVE_KEY = "fsk_live_hunter2"


def run(sandbox: Sandbox, *arguments: str, given: str = "", **more: str) -> tuple[int, str, str]:
    return run_any(sandbox, "cancel-many", *arguments, given=given, **more)


def run_any(
    sandbox: Sandbox, *arguments: str, given: str = "", **more: str
) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "flexcancel", *arguments]
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        env={**environment(sandbox), "FLEX_BASE_URL": sandbox.url, **more},
        timeout=60,
        check=False,
    )
    assert "hunter" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def rows(output: str) -> list[Any]:
    return [json.loads(line) for line in output.splitlines()]


def test_given_each_kind_of_session_then_each_has_a_line_and_the_summary_counts_them(
    sandbox: Sandbox,
) -> None:
    held, captured = sandbox.held(), sandbox.held()
    sandbox.capture(captured)
    exit_code, output, complaints = run(sandbox, held, NOBODY_S, captured, held, "no id")
    assert exit_code == 2
    found = rows(output)
    assert [list(row) for row in found] == [list(_cli_bulk.FIELDS)] * 5
    key = found[0].pop("idempotency_key")
    assert len(key) == 36
    assert found[0] == {
        "number": 0,
        "session_id": held,
        "outcome": "canceled",
        "code": "ok",
        "hold": "released",
        "message": "Flex confirmed the cancel",
        "duplicate_of": None,
        "from_journal": False,
        "repeat": None,
    }
    assert [(row["session_id"], row["code"], row["duplicate_of"]) for row in found] == [
        (held, "ok", None),
        (NOBODY_S, "not_found", None),
        (captured, "not_cancelable", None),
        (held, "ok", 0),
        ("no id", "invalid_session_id", None),
    ]
    assert ": " not in output.splitlines()[0].replace(found[0]["message"], "")
    assert complaints.startswith("flexcancel: 5 sessions in ")
    assert complaints.endswith(
        " s: 2 canceled, 1 too late, 2 not applied, 0 unknown, 1 duplicates\n"
    )


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [("h", 0), ("hh", 0), ("hc", 1), ("hcn", 2), ("u", 3)],
)
def test_given_each_outcome_then_the_exit_code_tells_the_worst(
    sandbox: Sandbox, kinds: str, expected: int
) -> None:
    ids = [NOBODY_S if kind == "n" else sandbox.held() for kind in kinds]
    for kind, session_id in zip(kinds, ids):
        if kind == "c":
            sandbox.capture(session_id)
    if "u" in kinds:
        sandbox.fault("drop_answer", how="rst", times=ALWAYS)
    assert run(sandbox, *ids, "--timeout", "0.5" if "u" in kinds else "9")[0] == expected


def test_given_csv_then_the_output_is_a_table(sandbox: Sandbox) -> None:
    held = sandbox.held()
    body = json.dumps({"error": {"code": "odd", "message": 'a "quoted", word'}})
    exit_code, output, _ = run(sandbox, held, held, "--output", "csv")
    assert exit_code == 0
    sandbox.fault("status", status=400, body=body, headers=[])
    _, odd, _ = run(sandbox, sandbox.held(), "\x1b[2J", "--output", "csv")
    first, second = csv.DictReader(output.splitlines())
    assert list(first) == list(_cli_bulk.FIELDS)
    assert (first["session_id"], first["outcome"], first["duplicate_of"]) == (held, "canceled", "")
    assert (second["number"], second["duplicate_of"], second["from_journal"]) == ("1", "0", "false")
    assert second["idempotency_key"] == ""
    refused, no_id = csv.DictReader(odd.splitlines())
    assert 'a "quoted", word' in refused["message"]
    assert no_id["session_id"] == "?[2J"


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_given_an_unknown_and_no_journal_then_its_row_has_what_repeats_it(
    sandbox: Sandbox, form: str
) -> None:
    held = sandbox.held()
    with sandbox.losing_answers():
        exit_code, output, complaints = run(
            sandbox, held, "--output", form, "--timeout", "0.3", "--base-url", sandbox.url
        )
    (row,) = csv.DictReader(output.splitlines()) if form == "csv" else rows(output)
    assert (exit_code, row["outcome"]) == (3, "unknown")
    how = complaints.splitlines()[-1].split(": ")
    assert how[1:3] == ["1 unknown", "repeat each with its repeat"]
    repeat = row["repeat"] if form == "csv" else json.dumps(row["repeat"])
    given = [{"ID": held, "JSON": repeat}.get(word, word) for word in how[3].split()]
    exit_code, output, complaints = run_any(sandbox, *given[1:], "--json")
    assert (exit_code, complaints) == (0, "")
    assert json.loads(output)["idempotency_key"] == row["idempotency_key"]


def test_given_an_unknown_and_a_journal_then_it_says_to_run_it_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    arguments = (sandbox.held(), "--journal", str(tmp_path / "night.jsonl"))
    with sandbox.losing_answers():
        exit_code, _, complaints = run(sandbox, *arguments, "--timeout", "0.3")
    told = "flexcancel: 1 unknown: run it again with the same input and journal"
    assert (exit_code, complaints.splitlines()[-1]) == (3, told)
    assert run(sandbox, *arguments)[0] == 0


def test_given_a_key_that_tells_no_mode_then_it_may_be_live(sandbox: Sandbox) -> None:
    held = sandbox.held()
    exit_code, output, complaints = run(sandbox, held, FLEX_API_KEY="wrong")
    assert (exit_code, output) == (64, "")
    told = "the key does not tell its mode, so it may be live: expected --yes"
    assert complaints.startswith(f"flexcancel: {told}")
    exit_code, written = on_terminal(sandbox, held, typed="n\n", FLEX_API_KEY="wrong")
    assert (exit_code, "Cancel 1 sessions with a key that may be live? [y/N]" in written) == (
        64,
        True,
    )
    assert sandbox.requests() == []


def test_given_ids_in_files_then_all_are_canceled(sandbox: Sandbox, tmp_path: Path) -> None:
    ids = [sandbox.held() for _ in range(6)]
    lines, table = tmp_path / "ids.txt", tmp_path / "day.csv"
    lines.write_bytes(f"\ufeff# till 7\r\n{ids[1]}\r\n\r\n  {ids[2]} \n".encode())
    exit_code, output, _ = run(sandbox, ids[0], "--file", str(lines))
    assert (exit_code, [row["session_id"] for row in rows(output)]) == (0, ids[:3])
    table.write_text(f'\ufeff"sale, no", Session \n7,{ids[3]}\n\n"8\n9",{ids[4]}\n', "utf-8")
    exit_code, output, _ = run(sandbox, "--csv", str(table), "--column", "Session")
    assert (exit_code, [row["session_id"] for row in rows(output)]) == (0, ids[3:5])
    exit_code, output, _ = run(sandbox, "--file", "-", given=f"{ids[5]}\n")
    assert (exit_code, [row["session_id"] for row in rows(output)]) == (0, ids[5:])
    given = f"id\n{ids[5]}\n"
    exit_code, output, complaints = run(sandbox, "--csv", "-", "--column", "id", given=given)
    assert (exit_code, rows(output)[0]["outcome"]) == (0, "already_canceled")
    assert " s: 1 canceled (1 of them before), 0 too late, " in complaints
    assert {sandbox.hold(one) for one in ids} == {"released"}
    exit_code, output, complaints = run(sandbox, "--file", "-")
    assert (exit_code, output, "0 sessions in" in complaints) == (0, "", True)


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        ([], "", "expected the id of a session, --file FILE or --csv FILE"),
        (["--file", "/nonexistent"], "", "/nonexistent: cannot be read"),
        (["--file", "-"], "fcs_1\nfcs 2\n", "-:2: expected one session's id"),
        (["--file", "-", "--csv", "-"], "", "not allowed with argument"),
        (["--csv", "-", "--column", "id"], "id\nfcs_1\nfcs 2\n", "-:3: expected one session's id"),
        (["--csv", "-", "--column", "id"], "a,id\n1,fcs_1\n2\n", "-:3: expected one session's id"),
        (["--csv", "-", "--column", "id"], 'id\n"fcs_1\n', "-:2: expected CSV"),
        (["--csv", "-", "--column", "sesion"], "a,session\n", "-:1: expected a column sesion; did"),
        (["--csv", "-", "--column", "sesion"], "a,session\n", "did you mean session?"),
        (["--csv", "-", "--column", "id"], "a,b\n", "expected a column id; found a, b"),
        (["--csv", "-", "--column", "id"], "", "expected a column id; found none"),
        (["--csv", "-", "--column", "id"], "id,id\n", "expected one column id, found several"),
        (["--csv", "-"], "a,b\n", "--column: expected with --csv"),
        (["fcs_1", "--column", "id"], "", "--column: expected together with --csv"),
        (["fcs_1", "--reason", "late"], "", "--reason: expected together with --journal"),
        (["fcs_1", "--rate", "0"], "", "rate: expected a whole number from 1 to 10000, found 0"),
        (["fcs_1", "--concurrency", "0"], "", "concurrency: expected a whole number from 1 to 256"),
        (["fcs_1", "--timeout", "0"], "", "timeout: expected a number of seconds from 0.001"),
        (["fcs_1", "--journal", "j", "--dry-run"], "", "journal: expected without dry_run"),
        (["fcs_1", "--output", "xml"], "", "argument --output: invalid choice"),
        (["fcs_1", "--max-unknown", "few"], "", "invalid int value"),
    ],
)
def test_given_wrong_usage_then_it_says_so_and_sends_nothing(
    sandbox: Sandbox, arguments: list[str], given: str, message: str
) -> None:
    exit_code, output, complaints = run(sandbox, *arguments, given=given)
    assert (exit_code, output) == (64, ""), complaints
    assert message in complaints
    assert "Traceback" not in complaints
    assert sandbox.requests() == []


def test_given_a_dry_run_then_nothing_is_canceled_and_the_exit_code_is_that_of_retrieve(
    sandbox: Sandbox,
) -> None:
    held = sandbox.held()
    captured = sandbox.held()
    sandbox.capture(captured)
    exit_code, output, complaints = run(sandbox, held, captured, NOBODY_S, "--dry-run")
    row = rows(output)[0]
    assert (exit_code, row["code"], row["hold"], row["idempotency_key"]) == (3, "ok", "held", None)
    assert sandbox.hold(held) == "held"
    assert complaints == (
        "flexcancel: 2 of 3 sessions read, no cancel sent: 1 can be canceled, 1 too late,"
        " 0 are canceled, 0 refused, 1 unknown\n"
    )
    # Nobody needs to be asked.
    live = sandbox.held(test_mode=False)
    exit_code, output, _ = run(sandbox, live, "--dry-run", FLEX_API_KEY=LIVE_KEY)
    assert (exit_code, rows(output)[0]["hold"]) == (2, "held")


def test_given_no_id_in_the_input_then_it_says_so(sandbox: Sandbox) -> None:
    exit_code, output, complaints = run(sandbox, "--file", "-", given="# none today\n")
    assert (exit_code, output) == (0, "")
    first = "flexcancel: there is no session to cancel: the input has no id\n"
    assert complaints.startswith(first)
    assert sandbox.requests() == []


@pytest.mark.parametrize("where", ["variable", "file", "config", "mode"])
def test_given_a_live_key_and_no_terminal_then_yes_is_expected(
    sandbox: Sandbox, tmp_path: Path, where: str
) -> None:
    held = sandbox.held(test_mode=False)
    file = tmp_path / "key"
    arguments, variables = [], {"FLEX_API_KEY": LIVE_KEY}
    if where == "file":
        file.write_text(f"{LIVE_KEY}\n", "utf-8")
        arguments, variables = ["--key-file", str(file)], {"FLEX_API_KEY": KEY}
    elif where in ("config", "mode"):
        config = {"base_url": sandbox.url, "api_key": LIVE_KEY}
        if where == "mode":
            config["mode"] = "live"
        file.write_text(json.dumps(config), "utf-8")
        arguments, variables = ["--config", str(file)], {"FLEX_API_KEY": KEY}
    exit_code, output, complaints = run(sandbox, held, *arguments, **variables)
    assert (exit_code, output) == (64, "")
    assert "the key is live: expected --yes" in complaints
    assert sandbox.requests() == []
    exit_code, output, _ = run(sandbox, held, "--yes", *arguments, **variables)
    assert (exit_code, sandbox.hold(held)) == (0, "released")


def on_terminal(
    sandbox: Sandbox, *arguments: str, typed: str = "", both: bool = True, **more: str
) -> tuple[int, str]:
    """The exit code, and what a terminal shows: of both outputs, or of standard error."""
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "flexcancel", "cancel-many", *arguments],
        stdin=theirs,
        stdout=theirs if both else subprocess.DEVNULL,
        stderr=theirs,
        env={
            **environment(sandbox),
            "FLEX_BASE_URL": sandbox.url,
            "TERM": "xterm",
            "COLUMNS": "100",
            **more,
        },
    )
    os.close(theirs)
    os.write(ours, typed.encode())
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
    return program.wait(timeout=30), written.decode()


def test_given_a_live_key_on_a_terminal_then_the_answer_decides(sandbox: Sandbox) -> None:
    held = sandbox.held(test_mode=False)
    for answer in ("n\n", "\n", "yess\n"):
        exit_code, written = on_terminal(sandbox, held, typed=answer, FLEX_API_KEY=LIVE_KEY)
        assert (exit_code, "Cancel 1 sessions with a live key? [y/N] " in written) == (64, True)
        assert "nothing was sent" in written
    assert sandbox.requests() == []
    exit_code, written = on_terminal(sandbox, held, typed="y\n", FLEX_API_KEY=LIVE_KEY)
    assert (exit_code, sandbox.hold(held)) == (0, "released")
    assert '"outcome":"canceled"' in written


def test_given_a_journal_then_the_run_is_resumed_and_its_trouble_has_an_exit_code(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ids = [sandbox.held() for _ in range(4)]
    journal = str(tmp_path / "night.jsonl")
    assert run(sandbox, *ids[:2], "--journal", journal, "--reason", "closing time")[0] == 0
    assert "closing time" in Path(journal).read_text("utf-8").splitlines()[0]
    exit_code, output, complaints = run(sandbox, *ids, "--journal", journal)
    assert [row["from_journal"] for row in rows(output)] == [True, True, False, False]
    assert (exit_code, "2 from the journal" in complaints) == (0, True)
    exit_code, output, complaints = run(sandbox, *ids[::-1], "--journal", journal)
    assert (exit_code, output) == (74, "")
    assert complaints.startswith("flexcancel: journal_invalid: ")
    assert f"flexcancel: 4 not tried, from number 0 on: {ids[3]}\n" in complaints
    exit_code, _, complaints = run(sandbox, *ids, "--journal", str(tmp_path / "no" / "such"))
    assert (exit_code, "journal_io: " in complaints) == (74, True)


def test_given_too_many_unknown_outcomes_then_it_stops_and_the_rest_is_counted(
    sandbox: Sandbox,
) -> None:
    ids = [sandbox.held() for _ in range(5)]
    options = ("--max-unknown", "0", "--concurrency", "1", "--timeout", "0.3")
    with sandbox.losing_answers():
        exit_code, output, complaints = run(sandbox, *ids, *options)
    assert exit_code == 75
    assert [row["outcome"] for row in rows(output)] == ["unknown"]
    first, advice, _, _, _ = complaints.splitlines()
    assert first.startswith("flexcancel: max_unknown: ")
    assert advice == (
        "flexcancel: Find out why so many are unknown, then run it again with the rest."
    )
    assert "journal" not in complaints, "there is none"
    assert complaints.endswith(f"flexcancel: 4 not tried, from number 1 on: {ids[1]}\n")


def test_given_ctrl_c_then_the_calls_are_aborted_and_told_and_the_rest_is_counted(
    sandbox: Sandbox,
) -> None:
    ids = [sandbox.held() for _ in range(6)]
    sandbox.stall()
    output, complaints = interrupted(sandbox, 2, "cancel-many", *ids, "--concurrency", "2")
    assert [(row["session_id"], row["outcome"], row["code"]) for row in rows(output)] == [
        (ids[0], "unknown", "aborted"),
        (ids[1], "unknown", "aborted"),
    ]
    first, *others = complaints.splitlines()
    assert first.startswith("flexcancel: 2 sessions in ")
    repetition = f"flexcancel cancel ID --repeat JSON --base-url {sandbox.url}"
    assert others == [
        f"flexcancel: 2 unknown: repeat each with its repeat: {repetition}",
        f"flexcancel: 4 not tried, from number 2 on: {ids[2]}",
        "flexcancel: interrupted",
    ]


def test_given_a_rate_limit_and_nothing_configured_then_every_session_is_canceled() -> None:
    sandbox = Sandbox("--rate-limit", "40")
    try:
        ids = [sandbox.held() for _ in range(80)]
        exit_code, output, complaints = run(sandbox, "--file", "-", given="\n".join(ids))
        assert (exit_code, len(rows(output))) == (0, 80)
        assert "times rate limited" in complaints
    finally:
        sandbox.close()
