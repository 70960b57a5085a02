"""Measures all contenders, round by round."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .contenders import CELLS, CONTENDERS, LIMIT, Cell, Contender
from .prepare import Built, installed_bytes, say
from .process import ALL_CORES, ONE_CORE, Process, Sample, Server, run

#: The most calls of one round, on all threads together.
CALLS = 3_000
STARTUP_CALLS = 200


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    #: Many short rounds rather than few long ones: a machine's speed changes while they run.
    rounds: int
    growth_rounds: int
    #: The time for one contender's calls in one round.
    budget_ms: int
    #: The calls whose memory is watched.
    long_calls: int
    most_idle: int


FULL = Effort(rounds=13, growth_rounds=5, budget_ms=120, long_calls=1_000_000, most_idle=10_000)
QUICK = Effort(rounds=2, growth_rounds=2, budget_ms=40, long_calls=20_000, most_idle=100)

Stat = dict[str, float]


def stat(values: Sequence[float], digits: int = 1) -> Stat:
    """The median of the rounds, and their spread."""
    return {
        "median": round(statistics.median(values), digits),
        "least": round(min(values), digits),
        "most": round(max(values), digits),
    }


class Bench:
    """One server on one core for one thread, and one on all cores for more."""

    def __init__(self, built: Built, effort: Effort) -> None:
        self.built = built
        self.effort = effort
        self.servers = {True: Server(built, ONE_CORE), False: Server(built, ALL_CORES)}

    def server(self, threads: int) -> Server:
        """The server for calls of so many threads."""
        return self.servers[threads == 1]

    def stop(self) -> None:
        """Ends the servers."""
        for server in self.servers.values():
            server.stop()

    def contenders(self) -> list[dict[str, object]]:
        """Everything about every contender, as results.json has it."""
        samples = self._samples()
        startups, peaks = self._starts()
        say("what each takes on disk")
        return [
            {
                "name": contender.name,
                "title": contender.title,
                "language": contender.language,
                "kind": contender.kind,
                "installed_bytes": installed_bytes(self.built, contender),
                "startup_ms": stat(startups[contender.name]),
                "peak_kib": stat(peaks[contender.name], 0),
                "cells": {
                    cell.name: _cell(samples[contender.name, cell], samples[LIMIT.name, cell])
                    for cell in CELLS
                },
            }
            for contender in CONTENDERS
        ]

    def _samples(self) -> dict[tuple[str, Cell], list[Sample]]:
        samples: dict[tuple[str, Cell], list[Sample]] = defaultdict(list)
        processes = {
            (contender.name, is_one): self.server(1 if is_one else 2).start(self.built, contender)
            for contender in CONTENDERS
            for is_one in (True, False)
        }
        for at in range(self.effort.rounds):
            say(f"round {at + 1} of {self.effort.rounds}")
            for cell in CELLS:
                for contender in _shuffled(at):
                    process = processes[contender.name, cell.threads == 1]
                    calls = CALLS // cell.threads
                    sample = run(process, cell, calls, self.effort.budget_ms)
                    samples[contender.name, cell].append(sample)
        for process in processes.values():
            process.stop()
        return samples

    def _starts(self) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
        startups: dict[str, list[float]] = defaultdict(list)
        peaks: dict[str, list[float]] = defaultdict(list)
        warm_tls = Cell("warm", "tls", 1)
        # The first start reads the disk, and is not one of the rounds.
        for at in range(self.effort.rounds + 1):
            say(f"start-up and memory, round {at} of {self.effort.rounds}")
            for contender in _shuffled(at):
                process: Process = self.server(1).start(self.built, contender)
                if at > 0:
                    startups[contender.name].append(process.startup_ns / 1_000_000)
                    run(process, warm_tls, STARTUP_CALLS, 10_000)
                    peaks[contender.name].append(process.peak_kib())
                process.stop()
        return startups, peaks


def _shuffled(at: int) -> list[Contender]:
    """Nobody always comes after the same other one; the same in each run of the benchmark."""
    order = list(CONTENDERS)
    random.Random(at).shuffle(order)
    return order


def _cell(samples: Sequence[Sample], limits: Sequence[Sample]) -> dict[str, Stat]:
    ratios = [one.p50_us / limit.p50_us for one, limit in zip(samples, limits)]
    return {
        "p50_us": stat([sample.p50_us for sample in samples]),
        "p99_us": stat([sample.p99_us for sample in samples]),
        "ratio": stat(ratios, 2),
        "cpu_us": stat([sample.cpu_us for sample in samples]),
    }
