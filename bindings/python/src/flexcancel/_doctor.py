"""What ``flexcancel doctor`` checks. Every request and every connection is the library's own."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Optional

from . import _cli_key, _library
from ._cli_connection import BASE_URL_ENV, FLEX_URL, service
from ._client import Client
from ._enums import Code
from ._errors import ArgumentError, ConfigError, OutboxError, WarmUpError
from ._formatting import plain
from ._outbox import Outbox
from ._retrieval import Retrieval
from ._troubleshooting import UnknownCodeError, section
from ._version import __version__

#: In the order in which the library looks at them.
_PROXY_VARIABLES = [
    spelling
    for name in ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY")
    for spelling in (name, name.lower())
]

#: A scheme, credentials up to the last @, and a host with or without a port.
_PROXY = re.compile(
    r"([a-z][a-z0-9+.-]*://)?(.*@)?((?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?)/?", re.I | re.S
)

#: How many seconds a session may seem to be made in the future: clocks differ a little.
_CLOCK_TOLERANCE = 5

#: What each code of a warm-up says about the steps to Flex: those before it went well.
_STEPS = ("DNS", "connection", "TLS")
_FAILED_STEP = {Code.DNS: 0, Code.CONNECT: 1, Code.TLS: 2}

#: A key for what sends nothing.
_NO_KEY = "no-key"


@dataclass(frozen=True)
class Finding:
    """What came of a check. ``to_do`` is empty if all is well; ``is_ok`` is None if unchecked."""

    check: str
    is_ok: Optional[bool]
    found: str
    to_do: str = ""

    def line(self) -> str:
        """The finding in a line or two."""
        mark = {True: "ok", False: "TO DO", None: "-"}[self.is_ok]
        text = f"{mark:5}  {self.check}: {plain(self.found)}"
        return f"{text}\n       {plain(self.to_do)}" if self.to_do else text

    def json(self) -> str:
        """The finding as one line of JSON."""
        found = {"check": self.check, "ok": self.is_ok, "found": self.found, "to_do": self.to_do}
        return json.dumps(found)


def without_credentials(url: str) -> str:
    """A proxy's URL without user name and password; of what may hold one elsewhere, nothing."""
    found = _PROXY.fullmatch(url)
    if found is None:
        return "***, which is no proxy's URL"
    scheme, credentials, host = found.groups(default="")
    return f"{scheme}{'***@' if credentials else ''}{host}"


def examine(
    options: argparse.Namespace, open_client: Callable[[argparse.Namespace], Client]
) -> Iterator[Finding]:
    """Checks everything that the options name, step by step. Sends no cancel."""
    yield _versions()
    try:
        client = open_client(options)
    except ConfigError as error:
        yield _service(options)
        key = _cli_key.key(options)
        if key.is_present or options.config is not None:
            yield Finding("configuration", False, error.message, _advice(error.code))
            return
        yield Finding("key", False, f"{key.source} has none", "Set it to the API key of Flex.")
        client, has_key = _keyless(options), False
    else:
        yield _service(options)
        key, has_key = _cli_key.key(options), True
        yield Finding("key", True, f"from {key.source}, {_mode(key.mode)}")
    with client:
        yield _proxy(options)
        yield from _way(client, options)
        yield from _session(client, options, has_key)
        if options.outbox is not None:
            yield _outbox(client, options.outbox)


def _versions() -> Finding:
    library = _library.version()
    found = f"package {__version__}, library {library}"
    if library == __version__:
        return Finding("version", True, found)
    return Finding("version", False, found, "Install the package and the library of one version.")


def _service(options: argparse.Namespace) -> Finding:
    url = service(options)
    # The library refuses a URL with credentials or a query.
    shown = re.sub(r"(?<=://).*@", "***@", url.partition("?")[0], flags=re.S)
    told = "Flex itself" if url == FLEX_URL else "not Flex itself"
    return Finding("service", True, f"{shown}, {told}")


def _mode(mode: Optional[str]) -> str:
    return f"{mode} mode" if mode else "which tells no mode"


def _keyless(options: argparse.Namespace) -> Client:
    named = {name: getattr(options, name) for name in ("ca_file", "proxy", "trust")}
    base_url = options.base_url or os.environ.get(BASE_URL_ENV)
    return Client(_NO_KEY, base_url=base_url, **named)


def _setting(options: argparse.Namespace, name: str) -> Any:
    return _cli_key.settings(options).get(name, getattr(options, name, None))


def _proxy(options: argparse.Namespace) -> Finding:
    proxy = _setting(options, "proxy") or "none"
    environment: Dict[str, str] = {
        name: without_credentials(os.environ[name])
        for name in _PROXY_VARIABLES
        if os.environ.get(name)
    }
    environment.update(
        (name, os.environ[name]) for name in ("NO_PROXY", "no_proxy") if os.environ.get(name)
    )
    shown = ", ".join(f"{name}={value}" for name, value in environment.items())
    if proxy == "env":
        return Finding("proxy", True, f"as the environment says: {shown or 'none'}")
    found = "none is used" if proxy == "none" else f"{without_credentials(proxy)} is used"
    if shown:
        found += f"; the environment has {shown}, which only --proxy env uses"
    return Finding("proxy", True, found)


def _way(client: Client, options: argparse.Namespace) -> Iterator[Finding]:
    """From the name of the service to a connection that could carry a request."""
    started = time.monotonic()
    try:
        client.warm_up(timeout=options.timeout)
    except WarmUpError as error:
        failed = _FAILED_STEP.get(error.code)
        for step in _STEPS[:failed] if failed is not None else ():
            yield Finding(step, True, "went well")
        step = "connection" if failed is None else _STEPS[failed]
        yield Finding(step, False, f"{error.code}: {error.message}", _advice(error.code))
        yield Finding("trust store and clock", None, "not checked: there is no connection")
        return
    took = f"{(time.monotonic() - started) * 1000:.0f} ms"
    yield Finding("DNS", True, "went well")
    yield Finding("connection", True, f"opened in {took}")
    if _is_plain(options):
        yield Finding("TLS", None, "not used: the service is on this machine")
        return
    yield Finding("TLS", True, "went well")
    ca_file = _setting(options, "ca_file")
    trust = _setting(options, "trust") or "system"
    store = f"the authorities in {ca_file}" if ca_file else f"the {trust} roots"
    yield Finding("trust store", True, f"{store} vouch for the service")
    yield Finding("clock", True, "within the days for which the service's certificate is valid")


def _is_plain(options: argparse.Namespace) -> bool:
    """Whether the service is spoken to without TLS."""
    return service(options).startswith("http://")


def _session(client: Client, options: argparse.Namespace, has_key: bool) -> Iterator[Finding]:
    if options.session is None:
        yield Finding("session", None, "not checked, nor the key: give the id of a SESSION")
        return
    if not has_key:
        yield Finding("session", None, "not checked: there is no key")
        return
    try:
        result = client.retrieve(options.session, timeout=options.timeout, max_attempts=1)
    except ArgumentError as error:
        yield Finding("session", False, f"{error.code}: {error.message}", _advice(error.code))
        return
    told = f"{result.code}, hold {result.hold}: {result.message}"
    if result.session is None:
        yield Finding("session", False, told, _advice(result.code))
        return
    yield Finding("session", True, f"{told}; Flex takes the key")
    yield _clock_of(result)


def _clock_of(result: Retrieval) -> Finding:
    """The clock, by the time when the session was made."""
    created = None if result.session is None else result.session.created_at
    if not isinstance(created, (int, float)):
        return Finding("clock", None, "not checked by the session: it does not say when it began")
    behind = created - time.time()
    if behind > _CLOCK_TOLERANCE:
        found = f"the session was made {behind:.0f} s from now"
        return Finding("clock", False, found, "Set this machine's clock: it is behind.")
    return Finding("clock", True, "not before the time when the session was made")


def _outbox(client: Client, path: str) -> Finding:
    if not os.path.lexists(path):
        to_do = "Check the path. A till, or flexcancel outbox enqueue, creates the file."
        return Finding("outbox", False, f"{path} is not there", to_do)
    try:
        with Outbox(client, path, create=False) as outbox:
            counts = outbox.stats()
    except OutboxError as error:
        return Finding(
            "outbox", False, f"{error.code}: {error.message}", _advice(error.code, "outbox")
        )
    found = f"{counts.pending} pending ({counts.due} due), {counts.worklist} for a person"
    if counts.foreign:
        found += f", {counts.foreign} of another service or mode"
    if counts.worklist:
        to_do = f"See to them: flexcancel outbox list {shlex.quote(path)} --worklist"
        return Finding("outbox", False, found, to_do)
    if counts.foreign:
        to_do = "Flush with their key and URL, or withdraw them: this key never delivers them."
        return Finding("outbox", False, found, to_do)
    return Finding("outbox", True, found)


def _advice(code: Code, beside: str = "`not_applied`") -> str:
    """The library's advice for a code, in one of its situations."""
    try:
        text = section(str(code)).text
    except UnknownCodeError:
        return "The message says why; ask support if it does not help."
    advice = re.search(f"^- {beside}: (.*)$", text, re.M)
    more = f"More: flexcancel explain {code}"
    return f"{advice[1]} {more}" if advice else more
