"""Runs Python programs of their own: for signals, the interpreter's end, and the environment."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"


def start(code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Starts a program, which finds the package as this one does."""
    path = os.environ.get("PYTHONPATH", str(SOURCE))
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDEVMODE": "1", **environment},
    )


def run(code: str, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Runs a program to its end: its exit code, its output, its complaints."""
    program = start(code, *arguments, **environment)
    output, complaints = program.communicate(timeout=60)
    return program.returncode, output, complaints
