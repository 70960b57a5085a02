"""What happens to flexcancel, called from C, when there is more of everything."""

from __future__ import annotations

import os
import resource
import statistics
from collections import defaultdict

from .contenders import CONTENDERS, Cell
from .measure import Bench
from .prepare import BenchmarkError, say
from .process import API_KEY, SESSION_ID, Process, Server, run

FROM_C = next(contender for contender in CONTENDERS if contender.name == "flexcancel-c")
THREADS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
IDLE_CLIENTS = (0, 1, 10, 100, 1_000, 10_000)
ANSWER_BYTES = (2_322, 10_000, 30_000, 100_000, 300_000, 1_000_000)
SAMPLES_OF_MEMORY = 20
#: Files that a process has open beside its connections.
OTHER_FILES = 100

Row = dict[str, float]


def allow_connections(count: int) -> None:
    """Has the processes that are started from now on keep so many connections open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + OTHER_FILES
    if most != resource.RLIM_INFINITY and most < needed:
        raise BenchmarkError(
            f"{needed} open files are needed, and {most} are allowed: ulimit -Hn {needed}"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def growth(bench: Bench) -> dict[str, list[Row]]:
    """The four tables, as results.json has them."""
    say("growth: threads")
    threads = _threads(bench)
    say("growth: idle clients")
    idle = _idle(bench)
    say("growth: answers")
    answers = _answers(bench)
    say(f"growth: {bench.effort.long_calls:,} calls")
    return {"threads": threads, "idle": idle, "answers": answers, "calls": _calls(bench)}


def _threads(bench: Bench) -> list[Row]:
    server = bench.server(2)
    process = server.start(bench.built, FROM_C)
    rows: dict[int, list[Row]] = defaultdict(list)
    for _ in range(bench.effort.growth_rounds):
        for count in THREADS:
            calls = max(10, 6_400 // count)
            cell = Cell("warm", "plain", count)
            sample = run(process, cell, calls, 3 * bench.effort.budget_ms)
            rows[count].append({"cpu_us": sample.cpu_us, "wall_us": sample.wall_us})
    process.stop()
    return [{"threads": count, **_medians(rows[count])} for count in THREADS]


def _answers(bench: Bench) -> list[Row]:
    processes = {
        size: bench.server(1).start(bench.built, FROM_C, f"/{size}") for size in ANSWER_BYTES
    }
    rows: dict[int, list[Row]] = defaultdict(list)
    for _ in range(bench.effort.growth_rounds):
        for size, process in processes.items():
            cell = Cell("warm", "plain", 1)
            sample = run(process, cell, 1_000, 2 * bench.effort.budget_ms)
            rows[size].append({"p50_us": sample.p50_us, "cpu_us": sample.cpu_us})
    for process in processes.values():
        process.stop()
    return [{"bytes": size, **_medians(rows[size])} for size in ANSWER_BYTES]


def _idle(bench: Bench) -> list[Row]:
    counts = [count for count in IDLE_CLIENTS if count <= bench.effort.most_idle]
    rows: dict[int, list[Row]] = defaultdict(list)
    for _ in range(bench.effort.growth_rounds):
        # A server of its own: threads of closed connections leave the other one's memory large.
        server = Server(bench.built, bench.server(1).cores)
        process = _growth(bench, server, "idle", "500", *map(str, counts))
        for at, count in enumerate(counts):
            line = process.first if at == 0 else process.answer()
            _, p50, cpu, rss = (int(number) for number in line.split())
            rows[count].append({"p50_us": p50 / 1_000, "cpu_us": cpu / 1_000, "rss_kib": rss})
        process.stop()
        server.stop()
    return [{"clients": count, **_medians(rows[count])} for count in counts]


def _calls(bench: Bench) -> list[Row]:
    calls = bench.effort.long_calls
    step = calls // SAMPLES_OF_MEMORY
    process = _growth(bench, bench.server(1), "long", str(calls), str(step))
    rows: list[Row] = []
    for at in range(SAMPLES_OF_MEMORY):
        line = process.first if at == 0 else process.answer()
        done, cpu, rss = (int(number) for number in line.split())
        rows.append({"calls": done, "cpu_us": round(cpu / 1_000, 1), "rss_kib": rss})
    process.stop()
    return rows


def _growth(bench: Bench, server: Server, what: str, *arguments: str) -> Process:
    program = os.fspath(bench.built.binaries / "growth")
    command = [program, what, server.plain_url, API_KEY, SESSION_ID, *arguments]
    return Process(f"growth {what}", command, server.cores)


def _medians(rows: list[Row]) -> Row:
    return {key: round(statistics.median(row[key] for row in rows), 1) for key in rows[0]}
