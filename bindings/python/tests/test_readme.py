"""What the READMEs show runs, and their table of exit codes is the one in force."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import flexcancel
from flexcancel import _exit_codes
from flexcancel.session import SessionFieldError

from . import script
from .sandbox import KEY, Sandbox

BINDING = Path(__file__).resolve().parents[1]
README = (BINDING / "README.md").read_text(encoding="utf-8")
ROOT_README = (BINDING.parents[1] / "README.md").read_text(encoding="utf-8")

COMMAND_LINE = (BINDING.parents[1] / "docs/COMMAND_LINE.md").read_text(encoding="utf-8")
BULK = (BINDING.parents[1] / "docs/BULK.md").read_text(encoding="utf-8")
OUTBOX = (BINDING.parents[1] / "docs/OUTBOX.md").read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.S)


@pytest.fixture
def at_sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Samples call the service that FLEX_BASE_URL names."""
    monkeypatch.setenv("FLEX_BASE_URL", sandbox.url)
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
    names: dict[str, Any] = {"asyncio": asyncio, "flexcancel": flexcancel, "ids": ids, "os": os}
    exec(f"async def main():\n{sample}    return results", names)
    results = asyncio.run(names["main"]())
    assert [result.outcome for result in results] == ["canceled"] * 3


def test_given_the_readme_s_outbox_then_what_it_keeps_is_delivered_or_shown(
    at_sandbox: Sandbox, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    captured = at_sandbox.held()
    at_sandbox.capture(captured)
    sample = blocks(README)[2].replace("/var/lib/till", str(tmp_path))
    for session_id, says in (
        (at_sandbox.held(), ""),
        (captured, f"{captured} refused "),
    ):
        url = at_sandbox.url
        with flexcancel.Client(api_key_env="FLEX_API_KEY", base_url=url) as client:
            names = {"flexcancel": flexcancel, "client": client, "session_id": session_id}
            exec(sample, names)
            with flexcancel.Outbox(client, tmp_path / "outbox.db") as outbox:
                assert outbox.stats().worklist == outbox.stats().pending == 0
        assert capsys.readouterr().out[: len(says) or None] == says


def test_given_the_outbox_page_s_sample_then_each_session_is_canceled_or_seen(
    at_sandbox: Sandbox, tmp_path: Path
) -> None:
    (sample,) = blocks(OUTBOX)
    sample = sample.replace("/var/lib/till", str(tmp_path))
    held, captured = at_sandbox.held(), at_sandbox.held()
    at_sandbox.capture(captured)
    with flexcancel.Client(api_key_env="FLEX_API_KEY", base_url=at_sandbox.url) as client:
        for session_id, outcome in ((held, "canceled"), (captured, "not_cancelable")):
            names: dict[str, Any] = {
                "flexcancel": flexcancel,
                "client": client,
                "session_id": session_id,
            }
            exec(sample, names)
            assert names["result"].outcome == outcome
            assert names["report"].code == "ok"
        with flexcancel.Outbox(client, tmp_path / "outbox.db") as outbox:
            assert [entry.state for entry in outbox.list()] == ["delivered", "refused"]
            assert outbox.stats().worklist == 0
    assert at_sandbox.hold(held) == "released"


@pytest.mark.parametrize("text", [blocks(README)[3], blocks(BULK)[0]], ids=["binding", "docs"])
def test_given_the_sample_of_a_bulk_run_then_each_session_is_canceled_or_shown(
    at_sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    held, captured = at_sandbox.held(), at_sandbox.held()
    at_sandbox.capture(captured)
    with flexcancel.Client(api_key_env="FLEX_API_KEY", base_url=at_sandbox.url) as client:
        names = {"flexcancel": flexcancel, "client": client, "ids": [held, captured]}
        exec(text, names)
        shown = capsys.readouterr().out
        assert f"{captured} not_cancelable" in shown
        assert held not in shown
        assert "1 canceled, 0 unknown" in shown
        exec(text, names)
    assert at_sandbox.hold(held) == "released"
    assert at_sandbox.ground_truth(held)["cancels_received"] == 1, "the journal has it"


def test_the_samples_of_a_bulk_run_are_those_that_mypy_reads() -> None:
    typed = (BINDING / "tests/typing_sample.py").read_text(encoding="utf-8")
    for text in (blocks(README)[3], blocks(BULK)[0]):
        assert textwrap.indent(re.sub(" +# .*", "", text), "    ") in typed


def test_an_exception_of_another_module_is_named_with_it() -> None:
    assert f"`{SessionFieldError.__module__.rpartition('.')[0]}.SessionFieldError`" in README


def test_given_the_docs_asyncio_of_a_bulk_run_then_it_cancels(
    at_sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = textwrap.indent(blocks(README)[4], "    ")
    client = flexcancel.Client(api_key_env="FLEX_API_KEY", base_url=at_sandbox.url)
    names: dict[str, Any] = {"flexcancel": flexcancel, "ids": [at_sandbox.held()], "till": client}
    exec(f"async def main():\n{sample}", names)
    asyncio.run(names["main"]())
    assert capsys.readouterr().out == f"{names['ids'][0]} canceled\n"


def table_of_methods(title: str) -> dict[str, str]:
    """The methods in a section's table, each with its arguments."""
    section = README.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", section, re.M))


@pytest.mark.parametrize(
    ("title", "kind"), [("The client", flexcancel.Client), ("The outbox", flexcancel.Outbox)]
)
def test_every_method_is_in_the_table_with_its_arguments(title: str, kind: type) -> None:
    table = table_of_methods(title)
    public = {name for name, _ in inspect.getmembers(kind, inspect.isfunction)}
    assert set(table) == {name for name in public if not name.startswith("_")}
    for name, arguments in table.items():
        if "=" in arguments:
            parameters = inspect.signature(getattr(kind, name)).parameters.values()
            named = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
            assert re.findall(r"(\w+)=", arguments) == named


def test_the_exit_codes_are_those_of_the_table_and_of_the_help() -> None:
    table = re.findall(r"^\| (\d+) \| (.*) \|$", COMMAND_LINE, re.M)
    shown = {int(code): re.sub(r"\*", "", meanings) for code, meanings in table}
    assert set(_exit_codes.OF_OUTCOME) == set(flexcancel.Outcome)
    assert {int(code) for code in _exit_codes.ExitCode} == set(shown)
    for code, meanings in _exit_codes.MEANINGS.items():
        columns = meanings if len(meanings) > 1 else (*meanings, *["the same"] * 3)
        assert shown[code].split(" | ") == list(columns)
    for index, command in enumerate(("cancel", "retrieve", "outbox flush", "doctor")):
        told = help_of(*command.split())
        for code, meanings in _exit_codes.MEANINGS.items():
            meaning = meanings[index] if len(meanings) > 1 else meanings[0]
            assert (f"  {int(code):>3}  {meaning}\n" in told) is bool(meaning)
    assert (
        help_of("cancel-many").split("Exit status")[1] == help_of("cancel").split("Exit status")[1]
    )


def test_the_archives_of_a_release_have_every_page_that_the_readme_links_to() -> None:
    pages = BINDING.parents[1] / "packaging/pages"
    listed = subprocess.run(
        [sys.executable, str(pages), "--list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "bindings/python/README.md" in listed
    linked = set(re.findall(r"\]\(\.\./\.\./([^)#]+)", README))
    assert len(linked) > 5
    assert linked <= set(listed)
    # The README's other links are to the examples, which the sdist has, as docs/INSTALL.md says.
    own = set(re.findall(r"\]\((?!\.\./|#|https?:)([^)#]+)", README))
    assert {name.split("/")[0] for name in own} == {"examples"}
    sdist = (BINDING / "pyproject.toml").read_text(encoding="utf-8").split("targets.sdist]")[1]
    assert '"/examples"' in sdist.splitlines()[1]


def help_of(*command: str) -> str:
    exit_code, output, complaints = script.run(
        "import sys; from flexcancel._cli import main; sys.exit(main(sys.argv[1:]))",
        *command,
        "--help",
    )
    assert (exit_code, complaints) == (0, "")
    return output
