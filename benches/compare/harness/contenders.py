"""Who is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["limit", "ours", "other"]


@dataclass(frozen=True)
class Contender:
    """One way to cancel. `name` is its key in results.json, and says how it is built."""

    name: str
    title: str
    language: str
    kind: Kind
    #: A program under target/compare/bin, or a script for the virtual environment's Python.
    program: str
    #: What a Python environment needs for it: nothing, a requirement, or "flexcancel".
    package: str = ""

    @property
    def label(self) -> str:
        """The name that readers see."""
        return f"{self.title}, {self.language}"

    @property
    def is_python(self) -> bool:
        """Whether it is a script."""
        return self.program.endswith(".py")


LIMIT = Contender("raw", "raw socket", "C", "limit", "raw")

CONTENDERS = (
    LIMIT,
    Contender("flexcancel-c", "flexcancel", "C", "ours", "flexcancel-c"),
    Contender("flexcancel-cpp", "flexcancel", "C++", "ours", "flexcancel-cpp"),
    Contender("flexcancel-go", "flexcancel", "Go", "ours", "flexcancel"),
    Contender(
        "flexcancel-go-session", "flexcancel with the session", "Go", "ours", "flexcancelsession"
    ),
    Contender(
        "flexcancel-python", "flexcancel", "Python", "ours", "with_flexcancel.py", "flexcancel"
    ),
    Contender("libcurl", "libcurl + cJSON", "C", "other", "libcurl"),
    Contender("net-http", "net/http", "Go", "other", "nethttp"),
    Contender("stripe-go", "stripe-go", "Go", "other", "stripe"),
    Contender("http-client", "http.client", "Python", "other", "with_http_client.py"),
    Contender("httpx", "httpx", "Python", "other", "with_httpx.py", "httpx"),
    Contender("requests", "requests", "Python", "other", "with_requests.py", "requests"),
    Contender(
        "requests-post", "requests.post", "Python", "other", "with_requests_post.py", "requests"
    ),
    Contender("stripe-python", "stripe-python", "Python", "other", "with_stripe.py", "stripe"),
)


@dataclass(frozen=True)
class Cell:
    """One way to call."""

    mode: Literal["warm", "cold"]
    scheme: Literal["plain", "tls"]
    threads: int

    @property
    def name(self) -> str:
        """Its key in results.json."""
        return f"{self.mode} {self.scheme} {self.threads}"

    @property
    def title(self) -> str:
        """The name that readers see."""
        scheme = "TLS" if self.scheme == "tls" else "plain"
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.mode.capitalize()}, {scheme}, {threads}"


CELLS = tuple(
    Cell(mode, scheme, threads)
    for threads in (1, 16)
    for mode in ("warm", "cold")
    for scheme in ("plain", "tls")
)
