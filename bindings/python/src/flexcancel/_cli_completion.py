"""The command ``completion``, and what a shell asks of it: argcomplete does the work."""

from __future__ import annotations

import argparse
import os
from importlib import metadata

from ._console import Console
from ._exit_codes import ExitCode, UsageError

DESCRIPTION = """\
Prints a script for a shell, which then completes commands, options and codes. It needs the extra
[cli]. For good:

  bash  flexcancel completion bash > ~/.local/share/bash-completion/completions/flexcancel
  zsh   flexcancel completion zsh > a file named _flexcancel in a directory of $fpath
  fish  flexcancel completion fish > ~/.config/fish/completions/flexcancel.fish
"""

#: Set by the script: the command is to name what may come next, and to do nothing else.
_ASKED_ENV = "_ARGCOMPLETE"

_OLDEST_ARGCOMPLETE = 3


def add_options(command: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    command.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell")


def run(options: argparse.Namespace, console: Console) -> int:
    """Runs the command. Returns the exit code."""
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError:
        problem = "completion needs argcomplete: pip install 'flexcancel[cli]'"
        raise UsageError(problem) from None
    script = "" if _is_old() else shellcode(["flexcancel"], shell=options.shell)
    if not script.strip():
        problem = "completion needs argcomplete 3 or newer: pip install --upgrade argcomplete"
        raise UsageError(problem)
    console.write(script, may_be_cut=True)
    return ExitCode.DONE


def _is_old() -> bool:
    """Whether argcomplete is older than 3, which has no script for some shells."""
    try:
        version = metadata.version("argcomplete")
    except metadata.PackageNotFoundError:
        return False
    major = version.partition(".")[0]
    return major.isdigit() and int(major) < _OLDEST_ARGCOMPLETE


def complete(parser: argparse.ArgumentParser) -> None:
    """Answers a shell that asks for completions, and ends the process. Else does nothing."""
    if _ASKED_ENV not in os.environ:
        return
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(parser)
