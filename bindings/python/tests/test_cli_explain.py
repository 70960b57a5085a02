"""``flexcancel explain``, and the page that it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flexcancel import Code, _troubleshooting

from . import script
from .sandbox import Sandbox
from .test_cli import run

ROOT = Path(__file__).resolve().parents[3]
SECTIONS = _troubleshooting.sections()


def test_each_code_has_a_section_and_each_section_a_code() -> None:
    assert [one.name for one in SECTIONS] == [str(code) for code in Code]
    page = (ROOT / "docs/TROUBLESHOOTING.md").read_text(encoding="utf-8")
    for one in SECTIONS:
        assert f"### {one.number} `{one.name}`\n\n{one.text}\n" in page


@pytest.mark.parametrize("spelling", ["timeout", "203", "TIMEOUT", "FLEXCANCEL_CODE_TIMEOUT"])
def test_given_a_code_then_its_section_is_printed(sandbox: Sandbox, spelling: str) -> None:
    exit_code, output, complaints = run(sandbox, "explain", spelling)
    assert (exit_code, complaints) == (0, "")
    assert output.startswith("203 timeout\n\nWhat happened: The deadline or the connect timeout")
    assert re.search(r"^Check:\n- The outcome: not_applied means", output, re.M)
    assert re.search(r'^Say to the shopper: with not_applied: "The cancel did not', output, re.M)
    assert "\n- not_applied: Check the network, then try again.\n" in output
    assert "`" not in output


def test_given_no_code_then_all_are_listed(sandbox: Sandbox) -> None:
    exit_code, output, _ = run(sandbox, "explain")
    assert exit_code == 0
    assert [line.split()[1] for line in output.splitlines()] == [str(code) for code in Code]
    assert "\n202  tls                 The TLS handshake failed: certificate, name," in output


def test_given_what_is_no_code_then_similar_ones_are_offered(sandbox: Sandbox) -> None:
    for wrong, offer in (
        ("timout", "did you mean timeout?"),
        ("outbox_ful", "did you mean outbox_full,"),
        ("204x", "flexcancel explain lists them"),
        ("309", "did you mean 308 (newer_hold), 307 (mode_mismatch), 306 (server_error)?"),
        ("qqq", "flexcancel explain lists them"),
    ):
        exit_code, output, complaints = run(sandbox, "explain", wrong)
        assert (exit_code, output) == (64, "")
        assert complaints.startswith(f"flexcancel: {wrong}: there is no such code; {offer}")
    _, _, complaints = run(sandbox, "explain", "NOT_APPLIED")
    assert complaints.startswith("flexcancel: NOT_APPLIED: that is an outcome; its code stands")


def test_given_no_key_and_no_library_then_it_explains_nevertheless() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flexcancel", "explain", "tls"],
        env={"PYTHONPATH": str(script.SOURCE), "FLEXCANCEL_LIBRARY": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "clock" in done.stdout
