"""argparse as the command line uses it."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn, Optional

from ._exit_codes import UsageError


class Answered(Exception):  # noqa: N818 -- as KeyboardInterrupt, no error
    """The text that --help or --version asks for."""


class _Once(argparse._StoreAction):
    """An option with one value. argparse itself would forget the first of two."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: Optional[str] = None,
    ) -> None:
        given = vars(namespace).setdefault("options_given", set())
        if self.option_strings and self.dest in given:
            raise argparse.ArgumentError(self, "expected once, found twice")
        given.add(self.dest)
        super().__call__(parser, namespace, values, option_string)


class Parser(argparse.ArgumentParser):
    """argparse, without its exit codes and its writing: 2 would mean "not voided"."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in (None, "store"):
            self.register("action", name, _Once)

    def error(self, message: str) -> NoReturn:
        """Raises what the command line tells."""
        raise UsageError(f"{message}\n{self.format_usage()}")

    def print_help(self, file: object = None) -> NoReturn:  # noqa: ARG002
        """Raises the help text."""
        raise Answered(self.format_help())
