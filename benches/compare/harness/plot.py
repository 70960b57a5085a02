"""Plots as SVG. Middle tones on nothing: they are read on light and on dark pages alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

TEXT = "#757a83"
GRID = "#9aa0a8"
COLORS = {"limit": "#bf8700", "ours": "#2f81f7", "other": "#8c959f"}
LINES = ("#2f81f7", "#bf8700")

WIDTH = 760
ROW = 24
LABELS = 170
VALUES = 150
TOP = 34
BOTTOM = 34


@dataclass(frozen=True)
class Bar:
    """One contender's bar: its value, and from where to where its rounds reach."""

    label: str
    kind: str
    value: float
    least: float
    most: float
    text: str


def bars(title: str, unit: str, rows: Sequence[Bar]) -> str:
    """A plot of bars, shortest first, on a logarithmic scale."""
    rows = sorted(rows, key=lambda row: row.value)
    low = math.pow(10, math.floor(math.log10(min(row.least for row in rows))))
    high = max(max(row.most for row in rows), 2 * low)
    span = WIDTH - LABELS - VALUES

    def x(value: float) -> float:
        share = math.log(max(value, low) / low) / math.log(high / low)
        return LABELS + span * share

    height = TOP + ROW * len(rows) + BOTTOM
    parts = [_text(WIDTH / 2, 18, title, "middle", 14)]
    for tick in _decades(low, high):
        parts.append(_line(x(tick), TOP, x(tick), height - BOTTOM, GRID, 0.5))
        parts.append(_text(x(tick), height - BOTTOM + 15, f"{tick:,g}", "middle"))
    parts.append(_text(WIDTH - 8, height - BOTTOM + 15, f"{unit}, logarithmic", "end"))
    for at, row in enumerate(rows):
        middle = TOP + ROW * at + ROW / 2
        parts.append(_text(LABELS - 8, middle + 4, row.label, "end"))
        parts.append(
            f'<rect x="{LABELS}" y="{middle - 7:.1f}" width="{max(x(row.value) - LABELS, 1):.1f}" '
            f'height="14" fill="{COLORS[row.kind]}"/>'
        )
        parts.append(_line(x(row.least), middle, x(row.most), middle, TEXT, 2))
        parts.append(_text(x(row.most) + 8, middle + 4, row.text, "start"))
    return _svg(height, title, parts)


@dataclass(frozen=True)
class Series:
    """One line: its name and its points."""

    name: str
    points: Sequence[tuple[float, float]]


def lines(
    title: str, across: str, up: str, series: Sequence[Series], ticks: Sequence[float] = ()
) -> str:
    """A plot of lines from zero upwards.

    With `ticks` the horizontal axis begins at zero and has these; else it is logarithmic, and
    every point has one.
    """
    height, left, right, top, bottom = 320, 80, 24, 52, 48
    xs = [point[0] for line in series for point in line.points]
    most = _round_up(max(point[1] for line in series for point in line.points))
    place = float if ticks else _logarithmic
    first, last = place(0 if ticks else min(xs)), place(max(xs))

    def x(value: float) -> float:
        return left + (WIDTH - left - right) * (place(value) - first) / ((last - first) or 1)

    def y(value: float) -> float:
        return height - bottom - (height - bottom - top) * value / most

    parts = [_text(WIDTH / 2, 18, title, "middle", 14), _text(left, top - 12, up, "middle")]
    for step in range(5):
        value = most * step / 4
        parts.append(_line(left, y(value), WIDTH - right, y(value), GRID, 0.5))
        parts.append(_text(left - 8, y(value) + 4, f"{value:,g}", "end"))
    for value in ticks or sorted(set(xs)):
        anchor = "end" if value == max(xs) else "middle"
        parts.append(_text(x(value), height - bottom + 18, f"{value:,.0f}", anchor))
    parts.append(_text(WIDTH - right, height - 8, across, "end"))
    for at, line in enumerate(series):
        color = LINES[at]
        path = " ".join(f"{x(across):.1f},{y(value):.1f}" for across, value in line.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        for point in line.points:
            parts.append(
                f'<circle cx="{x(point[0]):.1f}" cy="{y(point[1]):.1f}" r="3" fill="{color}"/>'
            )
        legend = WIDTH - right - 200 * (len(series) - at)
        parts.append(_line(legend, top - 16, legend + 20, top - 16, color, 3))
        parts.append(_text(legend + 26, top - 12, line.name, "start"))
    return _svg(height, title, parts)


def _logarithmic(value: float) -> float:
    # Zero stands one step before one.
    return math.log10(value) if value > 0 else -1.0


def _round_up(value: float) -> float:
    step = math.pow(10, math.floor(math.log10(value)))
    return next(step * factor for factor in (1, 2, 4, 6, 8, 10) if step * factor >= value)


def _decades(low: float, high: float) -> list[float]:
    count = math.floor(math.log10(high / low)) + 1
    return [low * 10**power for power in range(count)]


def _text(x: float, y: float, text: str, anchor: str, size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{TEXT}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, color: str, width: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
        f'stroke-width="{width}"/>'
    )


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'font-family="system-ui, sans-serif" role="img" aria-label="{escape(title)}">\n'
        f"<title>{escape(title)}</title>\n{body}\n</svg>\n"
    )
