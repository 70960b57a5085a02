"""The command ``cancel-many`` where its output is lost, after an error, and where it stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import script
from .sandbox import KEY, Sandbox
from .test_cli_bulk import rows, run
from .test_cli_streams import LOST, run_with_lost


@pytest.mark.parametrize("way", LOST)
def test_given_lost_output_then_all_is_done_and_told_on_standard_error(
    sandbox: Sandbox, way: str
) -> None:
    ids = [sandbox.held() for _ in range(20)]
    arguments = ("cancel-many", *ids, "--base-url", sandbox.url)
    exit_code, _, complaints = run_with_lost({1: way}, sandbox, *arguments)
    assert exit_code == 73
    first, *told, last = complaints.splitlines()
    assert LOST[way][1] in first
    assert [json.loads(line)["session_id"] for line in told] == ids
    assert last.startswith("flexcancel: 20 sessions in ")
    assert {sandbox.hold(one) for one in ids} == {"released"}
    assert run_with_lost({2: way}, sandbox, *arguments)[0] == 0
    assert run_with_lost({1: way, 2: way}, sandbox, *arguments)[0] == 73


UNEXPECTED = """
    import sys
    from flexcancel import _cli, _cli_bulk
    line = _cli_bulk._json_line
    def broken(row):
        if row["number"] == 1:
            _cli_bulk._json_line = line
            raise MemoryError("none left")
        return line(row)
    _cli_bulk._json_line = broken
    sys.exit(_cli.main(sys.argv[1:]))
"""


def test_given_an_unexpected_error_then_the_run_is_aborted_and_the_rest_is_counted(
    sandbox: Sandbox,
) -> None:
    ids = [sandbox.held() for _ in range(40)]
    arguments = ("cancel-many", "--base-url", sandbox.url, "--concurrency", "2", *ids)
    exit_code, output, complaints = script.run(UNEXPECTED, *arguments, FLEX_API_KEY=KEY)
    assert exit_code == 70
    assert [row["number"] for row in rows(output)][:2] == [0, 2]
    assert " not tried, from number " in complaints
    assert complaints.splitlines()[-1] == "MemoryError: none left"
    assert "flexcancel: unexpected error\n" in complaints
    assert f"flexcancel: {ids[1]}: its result is not known\n" in complaints


def test_given_a_dry_run_that_stops_then_it_is_not_said_that_a_session_was_read(
    sandbox: Sandbox,
) -> None:
    options = ("--dry-run", "--max-unknown", "0", "--timeout", "0.3")
    with sandbox.losing_answers():
        exit_code, _, complaints = run(sandbox, sandbox.held(), *options)
    assert exit_code == 75
    _, advice, read = complaints.splitlines()
    assert advice == "flexcancel: Find out why so many are unknown, then run it again."
    assert read.startswith("flexcancel: 0 of 1 sessions read, no cancel sent: ")


def test_given_a_journal_and_too_many_unknown_outcomes_then_it_is_to_be_resumed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    options = ("--max-unknown", "0", "--journal", str(tmp_path / "journal"), "--timeout", "0.3")
    with sandbox.losing_answers():
        exit_code, _, complaints = run(sandbox, sandbox.held(), sandbox.held(), *options)
    assert exit_code == 75
    assert ", then resume the run with its journal.\n" in complaints
