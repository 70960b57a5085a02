"""The command ``completion``, and what a shell asks of it: argcomplete does the work."""

from __future__ import annotations

import argparse
import os

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
    console.write(shellcode(["flexcancel"], shell=options.shell), may_be_cut=True)
    return ExitCode.DONE


def complete(parser: argparse.ArgumentParser) -> None:
    """Answers a shell that asks for completions, and ends the process. Else does nothing."""
    if _ASKED_ENV not in os.environ:
        return
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(parser)
