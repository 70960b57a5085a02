"""The table of docs/PLATFORMS.md: what was seen of each target, from docs/platforms.json."""

import json
from typing import Any

from platform_kit.systems import ROOT, SYSTEMS

PAGE = ROOT / "docs" / "PLATFORMS.md"
SEEN = ROOT / "docs" / "platforms.json"
BEGIN, END = "<!-- tests/platforms --table -->\n", "<!-- end of the table -->\n"
COLUMNS = [
    "target",
    "run",
    "bytes, stripped",
    "abort: calls, 99 %, latest",
    "deadline: calls, 99 %, latest",
    "tills killed at work",
    "vectors",
]


def late(seen: dict[str, Any]) -> str:
    return f"{seen['calls']}, {seen['most_ms']:.1f} ms, {seen['latest_ms']:.1f} ms"


def row(target: str, seen: dict[str, Any]) -> list[str]:
    needs = f"; needs at most {seen['glibc']}" if seen["glibc"] else ""
    return [
        f"`{target}`{needs}",
        seen["run"].removeprefix("run ")
        + ("; timed ahead of other work" if seen["real_time"] else ""),
        f"{seen['bytes']:,} ({seen['profile']})",
        late(seen["abort"]),
        late(seen["deadline"]),
        seen["kills"],
        f"{seen['vectors']['count']}: {', '.join(seen['vectors']['languages'])}",
    ]


def text() -> str:
    seen = read()
    rows = [row(target, seen[target]) for target in SYSTEMS if target in seen]
    lines = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def read() -> dict[str, dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = json.loads(SEEN.read_text(encoding="utf-8"))
    return seen


def record(target: str, seen: dict[str, Any]) -> None:
    """Keeps what was seen, and renews the page."""
    kept = {**read(), target: seen}
    SEEN.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + text() + END + after, encoding="utf-8")
