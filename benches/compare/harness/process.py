"""The server and the contenders, as processes."""

from __future__ import annotations

import itertools
import os
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .contenders import Cell, Contender
from .prepare import HERE, ROOT, TARGET, BenchmarkError, Built

#: A key of live mode, because the official page's answer says so.
API_KEY = "fsk_benchmark"
#: The id in the official page's answer.
SESSION_ID = "obj_01EXAMPLE00000000000000000"
#: Each server has an authority of its own.
_numbers = itertools.count(1)
#: No command takes longer.
PATIENCE_S = 120

#: One core for client and server together: no wake-up crosses cores.
ONE_CORE = frozenset({min(os.sched_getaffinity(0))})
ALL_CORES = frozenset(os.sched_getaffinity(0))


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Has whatever is started meanwhile run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _environment() -> dict[str, str]:
    """Nothing that would send a contender through a proxy, or have it trust somebody else."""
    kept = ("HOME", "LANG", "PATH")
    return {name: os.environ[name] for name in kept if name in os.environ}


class Process:
    """A program that answers lines with lines. It ends with its input."""

    def __init__(self, name: str, command: Sequence[str], cores: frozenset[int]) -> None:
        self.name = name
        with on(cores):
            started = time.monotonic_ns()
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
                env=_environment(),
            )
            self.first = self.answer()
            self.startup_ns = time.monotonic_ns() - started

    def answer(self) -> str:
        """The next line."""
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline() if readable else ""
        if not line:
            state = "ended" if readable else f"said nothing for {PATIENCE_S} s"
            self.process.kill()
            raise BenchmarkError(f"{self.name} {state}; what it said is above")
        return line.strip()

    def ask(self, line: str) -> str:
        """Sends a line, and waits for the answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + "\n")
        except BrokenPipeError:
            raise BenchmarkError(f"{self.name} ended; what it said is above") from None
        return self.answer()

    def peak_kib(self) -> int:
        """The most memory that it has had resident."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise BenchmarkError("the kernel tells no VmHWM")

    def stop(self) -> None:
        """Ends it, and waits for that."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Server(Process):
    """The server, on some cores."""

    def __init__(self, built: Built, cores: frozenset[int]) -> None:
        self.cores = cores
        self.ca_file = TARGET / f"ca-{next(_numbers)}.pem"
        cancel = ROOT / "tests" / "data" / "response-example.json"
        expire = HERE / "answers" / "expire.json"
        command = [str(part) for part in (built.server, cancel, expire, self.ca_file)]
        super().__init__("the server", command, cores)
        plain, tls = self.first.split()
        self.plain_url = f"http://127.0.0.1:{plain}"
        self.tls_url = f"https://127.0.0.1:{tls}"

    def start(self, built: Built, contender: Contender, path: str = "") -> Process:
        """Starts a contender on the same cores. `path` goes before the routes."""
        urls = [self.plain_url + path, self.tls_url + path]
        arguments = [*urls, str(self.ca_file), API_KEY, SESSION_ID]
        return Process(contender.label, [*built.command(contender), *arguments], self.cores)


@dataclass(frozen=True)
class Sample:
    """What one run of calls came to, in microseconds."""

    p50_us: float
    p99_us: float
    cpu_us: float
    wall_us: float


def run(process: Process, cell: Cell, calls: int, budget_ms: int) -> Sample:
    """Has a contender make `calls` on each thread, or as many as it can in the time."""
    line = f"{cell.mode} {cell.scheme} {cell.threads} {calls} {budget_ms}"
    cpu, wall, *latencies = (int(number) for number in process.ask(line).split())
    latencies.sort()
    count = len(latencies)

    def at(percent: int) -> float:
        return latencies[(count - 1) * percent // 100] / 1_000

    return Sample(at(50), at(99), cpu / count / 1_000, wall / count / 1_000)
