"""Shell completion, as a shell asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

from flexcancel import Code

from . import script
from .sandbox import Sandbox
from .test_cli import run

#: What bash does when somebody presses the tab key.
PRESS_TAB = """
eval "$(flexcancel completion bash)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
_python_argcomplete flexcancel
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A directory with the command, as an installation has it."""
    program = tmp_path / "flexcancel"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flexcancel "$@"\n', "utf-8")
    program.chmod(0o755)
    return tmp_path


def completed(command: Path, line: str) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", PRESS_TAB, "bash", line],
        capture_output=True,
        text=True,
        env={
            "PATH": f"{command}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(script.SOURCE),
            "HOME": str(command),
        },
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [word.strip() for word in done.stdout.splitlines()]


def test_given_bash_then_commands_options_and_codes_are_completed(command: Path) -> None:
    assert completed(command, "flexcancel can") == ["cancel", "cancel-many"]
    assert completed(command, "flexcancel outbox wi") == ["withdraw"]
    assert completed(command, "flexcancel cancel --idem") == ["--idempotency-key"]
    expected = [str(code) for code in Code if code.startswith("journal_")]
    assert completed(command, "flexcancel explain jour") == expected


@pytest.mark.parametrize(
    ("shell", "says"),
    [("bash", "complete -o nospace"), ("zsh", "#compdef flexcancel"), ("fish", "--command flex")],
)
def test_given_a_shell_then_its_script_is_printed(sandbox: Sandbox, shell: str, says: str) -> None:
    exit_code, output, complaints = run(sandbox, "completion", shell)
    assert (exit_code, complaints) == (0, "")
    assert says in output


def test_given_no_argcomplete_then_it_is_said_and_other_commands_work(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "argcomplete.py").write_text("raise ImportError", "utf-8")
    path = f"{tmp_path}{os.pathsep}{script.SOURCE}"
    exit_code, output, complaints = run(sandbox, "completion", "bash", PYTHONPATH=path)
    assert (exit_code, output) == (64, "")
    assert "pip install 'flexcancel[cli]'" in complaints
    assert run(sandbox, "explain", "tls", PYTHONPATH=path, _ARGCOMPLETE="1")[0] == 0


@pytest.mark.parametrize("version", ["2.0.0", None])
def test_given_an_old_argcomplete_then_it_is_refused(
    sandbox: Sandbox, tmp_path: Path, version: Optional[str]
) -> None:
    package = tmp_path / "argcomplete"
    package.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    script_of_it = "'a script'" if version else "''"
    code = f"def shellcode(executables, shell): return {script_of_it}\n"
    (package / "shell_integration.py").write_text(code, "utf-8")
    if version:
        (tmp_path / f"argcomplete-{version}.dist-info").mkdir()
        metadata = f"Metadata-Version: 2.1\nName: argcomplete\nVersion: {version}\n"
        file = tmp_path / f"argcomplete-{version}.dist-info/METADATA"
        file.write_text(metadata, "utf-8")
    path = f"{tmp_path}{os.pathsep}{script.SOURCE}"
    exit_code, output, complaints = run(sandbox, "completion", "zsh", PYTHONPATH=path)
    assert (exit_code, output) == (64, "")
    assert "argcomplete 3 or newer" in complaints


def test_given_an_unknown_shell_then_it_is_refused(sandbox: Sandbox) -> None:
    assert run(sandbox, "completion", "csh")[0] == 64
