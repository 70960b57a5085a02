"""The service and the API key that the command line is given, and the client for them."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import List

from . import _cli_input
from ._cli_key import DEFAULT_ENV, settings
from ._client import Client
from ._exit_codes import UsageError
from ._formatting import plain

BASE_URL_ENV = "FLEX_BASE_URL"

#: The service if nothing names another one.
FLEX_URL = "https://api.withflex.com"

_OF_CLIENT = ("base_url", "ca_file", "proxy", "trust")
_HIDDEN_PROXY = "PROXY"


def add(command: argparse.ArgumentParser) -> None:
    """Adds the options of the connection to a command."""
    group = command.add_argument_group("configuration")
    key = group.add_mutually_exclusive_group()
    key.add_argument("--key-env", metavar="NAME", help="the variable that holds the API key")
    key.add_argument("--key-file", metavar="FILE", help="the file that holds the API key")
    key.add_argument("--config", metavar="FILE", help="a JSON configuration, in place of all else")
    group.add_argument("--base-url", metavar="URL", help="the service, in place of FLEX_BASE_URL")
    group.add_argument("--ca-file", metavar="FILE", help="trust this authority alone")
    group.add_argument("--proxy", metavar="PROXY", help="none, env or http://HOST:PORT")
    group.add_argument("--trust", metavar="WHOM", help="system or bundled")


def option(name: str) -> str:
    """An option as it is typed."""
    return "--" + name.replace("_", "-")


def client(options: argparse.Namespace) -> Client:
    """The client that the options ask for."""
    connection = {name: getattr(options, name) for name in _OF_CLIENT}
    if options.config is not None:
        given = [name for name, value in connection.items() if value is not None]
        if given:
            raise UsageError(f"{option(given[0])}: expected in the --config file")
        options.config_text = _cli_input.read(options.config)
        return Client.from_json(options.config_text)
    if options.base_url is None:
        connection["base_url"] = os.environ.get(BASE_URL_ENV)
        if connection["base_url"] == "":
            raise UsageError(f"{BASE_URL_ENV} is set but empty")
    if options.key_file is not None:
        return Client(api_key_file=options.key_file, **connection)
    return Client(api_key_env=options.key_env or DEFAULT_ENV, **connection)


def client_of_outbox(options: argparse.Namespace) -> Client:
    """The client of an outbox. Without a key it sends nothing, and fits every mode."""
    given = (options.config, options.key_file, options.key_env)
    is_keyless = all(one is None for one in given) and not os.environ.get(DEFAULT_ENV)
    if options.needs_key or not is_keyless:
        return client(options)
    connection = {"base_url": options.base_url, "ca_file": options.ca_file}
    return Client("no-key", **connection)


def service(options: argparse.Namespace) -> str:
    """The URL of the service, as the library has it. Call it once the client is made."""
    found = settings(options).get("base_url", options.base_url)
    if found is None and options.config is None:
        found = os.environ.get(BASE_URL_ENV)
    return str(found or FLEX_URL).rstrip("/")


def repeating(options: argparse.Namespace, session_id: str, repeat: str) -> List[str]:
    """The command that repeats a cancel at the same service, and what to know about it.

    No secret is among it: keys are never options, and a proxy with a password is left out.
    """
    words = ["flexcancel", "cancel", plain(session_id), "--repeat", repeat]
    note = []
    for name in ("config", "key_env", "key_file", *_OF_CLIENT):
        value = getattr(options, name)
        if value is None:
            continue
        if name == "proxy" and "@" in value:
            value = _HIDDEN_PROXY
            note = [f"{_HIDDEN_PROXY}: put the proxy there; it has a password, which is not shown"]
        words += [option(name), shlex.quote(plain(value))]
    return [" ".join(words), *note]
