"""What the contenders in Python share: commands in, latencies out, as contender.h describes them.

Calls are made by threads of their own, also where there is only one, as in a server.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from abc import ABC, abstractmethod
from typing import Any

WARM_UP_CALLS = 20


class Lane(ABC):
    """What one thread makes its calls with."""

    @abstractmethod
    def call(self) -> None:
        """Cancels once, and checks the session's status."""

    def close(self) -> None:  # noqa: B027 -- most have nothing to close
        """Closes what is the thread's own."""


class Contender(ABC):
    """A way to cancel."""

    def __init__(self, key: str, session_id: str) -> None:
        self.key = key
        self.session_id = session_id

    @abstractmethod
    def client(self, url: str, ca_file: str | None) -> Any:
        """Makes what threads share; without a CA file, with the trust it has by default."""

    @abstractmethod
    def lane(self, client: Any) -> Lane:
        """Makes what one thread holds."""

    def close(self, client: Any) -> None:  # noqa: B027
        """Closes what threads share."""


class Run:
    """One command, under way."""

    def __init__(
        self, contender: Contender, url: str, ca: str | None, threads: int, calls: int, budget: int
    ) -> None:
        self.contender = contender
        self.url = url
        self.ca = ca
        self.calls = calls
        self.budget = budget
        self.latencies: list[list[int]] = [[] for _ in range(threads)]
        self.ready = threading.Barrier(threads + 1)
        self.go = threading.Barrier(threads + 1)
        self.failures: list[BaseException] = []

    def cold_call(self) -> None:
        """Makes a client, calls, and closes it."""
        client = self.contender.client(self.url, self.ca)
        lane = self.contender.lane(client)
        lane.call()
        lane.close()
        self.contender.close(client)

    def work(self, at: int, client: Any) -> None:
        """What one thread does."""
        try:
            lane = None if client is None else self.contender.lane(client)
            call = self.cold_call if lane is None else lane.call
            for _ in range(1 if lane is None else WARM_UP_CALLS):
                call()
            self.ready.wait()
            self.go.wait()
            self._measure(call, self.latencies[at])
            if lane is not None:
                lane.close()
        except BaseException as failure:
            self.failures.append(failure)
            self.ready.abort()
            raise

    def _measure(self, call: Any, latencies: list[int]) -> None:
        now = time.monotonic_ns
        started = now()
        end = started + self.budget
        for _ in range(self.calls):
            if started >= end:
                break
            call()
            ended = now()
            latencies.append(ended - started)
            started = ended

    def measure(self, is_warm: bool) -> tuple[int, int]:
        """Runs all threads. Returns the CPU time and the time that they took."""
        client = self.contender.client(self.url, self.ca) if is_warm else None
        count = range(len(self.latencies))
        threads = [threading.Thread(target=self.work, args=(at, client)) for at in count]
        for thread in threads:
            thread.start()
        self.ready.wait()
        cpu, started = cpu_ns(), time.monotonic_ns()
        self.go.wait()
        for thread in threads:
            thread.join()
        cpu, wall = cpu_ns() - cpu, time.monotonic_ns() - started
        if self.failures:
            raise self.failures[0]
        if client is not None:
            self.contender.close(client)
        return cpu, wall


def cpu_ns() -> int:
    """The CPU time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int((used.ru_utime + used.ru_stime) * 1e9)


def serve(kind: type[Contender]) -> None:
    """Answers commands until the input ends."""
    plain, tls, ca, key, session_id = sys.argv[1:]
    contender = kind(key, session_id)
    first = contender.client(tls, None)
    print("ready", flush=True)
    contender.close(first)
    for line in sys.stdin:
        mode, scheme, threads, calls, budget_ms = line.split()
        url, trusted = (tls, ca) if scheme == "tls" else (plain, None)
        run = Run(contender, url, trusted, int(threads), int(calls), int(budget_ms) * 1_000_000)
        numbers = [*run.measure(mode == "warm")]
        for latencies in run.latencies:
            numbers.extend(latencies)
        print(*numbers, flush=True)


def expect_open(status: object) -> None:
    """The status that the server's fixed answer has."""
    if status != "open":
        raise ValueError(f"expected the status open, found {status!r}")
