"""What the READMEs show runs, and their table of exit codes is the one in force."""

from __future__ import annotations

import asyncio
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

import flexcancel
from flexcancel import _cli

from .sandbox import KEY, Sandbox

BINDING = Path(__file__).resolve().parents[1]
README = (BINDING / "README.md").read_text(encoding="utf-8")
ROOT_README = (BINDING.parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.S)


@pytest.fixture
def at_sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Samples name no host: what they make leads to the sandbox."""

    class Client(flexcancel.Client):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, base_url=sandbox.url, **named)

    monkeypatch.setattr(flexcancel, "Client", Client)
    monkeypatch.setenv("FLEX_API_KEY", KEY)
    return sandbox


@pytest.mark.parametrize(
    ("sample", "says"),
    [(blocks(README)[0], "voided\n"), (blocks(ROOT_README)[0], "canceled Nothing more to do")],
    ids=["binding", "project"],
)
def test_given_the_readme_s_till_then_it_cancels(
    at_sandbox: Sandbox, capsys: pytest.CaptureFixture[str], sample: str, says: str
) -> None:
    held = at_sandbox.held()
    exec(re.sub(r"fcs_\w+", held, sample), {})
    assert capsys.readouterr().out.startswith(says)
    assert at_sandbox.hold(held) == "released"


def test_given_the_readme_s_asyncio_then_it_cancels(at_sandbox: Sandbox) -> None:
    ids = [at_sandbox.held() for _ in "abc"]
    sample = textwrap.indent(blocks(README)[1], "    ")
    names: dict[str, Any] = {"asyncio": asyncio, "flexcancel": flexcancel, "ids": ids}
    exec(f"async def main():\n{sample}    return results", names)
    results = asyncio.run(names["main"]())
    assert [result.outcome for result in results] == ["canceled"] * 3


def test_the_exit_codes_are_those_of_the_table() -> None:
    table = dict(re.findall(r"^\| (\d+) \| ([^|]+) \|", README, re.M))
    assert set(map(int, table)) == {*_cli.EXIT_CODES.values(), _cli.USAGE, _cli.INTERRUPTED}
    assert table["0"] == "voided"
    assert table[str(_cli.EXIT_CODES[flexcancel.Outcome.UNKNOWN])].startswith("**unknown**")
    assert set(_cli.EXIT_CODES) == set(flexcancel.Outcome)
