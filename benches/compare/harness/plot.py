"""Plots as SVG. Middle tones on nothing: they are read on light and on dark pages alike."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

try:
    import matplotlib
except ModuleNotFoundError:
    sys.exit("benches/compare/run: matplotlib is missing: apt-get install python3-matplotlib")
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

TEXT = "#757a83"
GRID = "#9aa0a8"
COLORS = {"limit": "#bf8700", "ours": "#2f81f7", "other": "#8c959f"}
LINES = ("#2f81f7", "#bf8700")

#: In inches; the text is 10 points high.
WIDTH = 8.0
ROW = 0.27
MARGINS = 1.0

matplotlib.rcParams.update(
    {
        # Text stays text, and equal results make equal files.
        "svg.fonttype": "none",
        "svg.hashsalt": "flexcancel",
        "font.family": "sans-serif",
        "axes.edgecolor": GRID,
        "axes.labelcolor": TEXT,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.5,
        "text.color": TEXT,
        "xtick.color": TEXT,
        "ytick.color": TEXT,
    }
)
GROUPED = FuncFormatter(lambda value, _: f"{value:,.10g}")


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
    values = [row.value for row in rows]
    spreads = (
        [row.value - row.least for row in rows],
        [row.most - row.value for row in rows],
    )
    figure, axes = _axes(MARGINS + ROW * len(rows))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(GROUPED)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x")
    axes.barh(
        [row.label for row in rows],
        values,
        height=0.6,
        color=[COLORS[row.kind] for row in rows],
        xerr=spreads,
        ecolor=TEXT,
    )
    axes.set_xlim(left=10 ** math.floor(math.log10(min(row.least for row in rows))))
    for at, row in enumerate(rows):
        axes.annotate(
            row.text, (row.most, at), xytext=(6, 0), textcoords="offset points", va="center"
        )
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"{unit}, logarithmic")
    return _svg(figure, title)


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
    figure, axes = _axes(3.4)
    for line, color in zip(series, LINES):
        xs, ys = zip(*line.points)
        (drawn,) = axes.plot(xs, ys, color=color, marker="o", markersize=4, label=line.name)
        drawn.set_gid(f"line of {line.name}")
    if not ticks:
        ticks = sorted({x for line in series for x, _ in line.points})
        # Where zero is a point, it has a place too.
        axes.set_xscale("symlog", linthresh=1) if ticks[0] == 0 else axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(GROUPED)
    axes.yaxis.set_major_formatter(GROUPED)
    axes.set_ylim(0, 1.1 * max(y for line in series for _, y in line.points))
    axes.grid(axis="y")
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    if len(series) > 1:
        axes.legend(frameon=False)
    return _svg(figure, title)


def _axes(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.add_subplot()


def _svg(figure: Figure, title: str) -> str:
    figure.suptitle(title)
    written = io.StringIO()
    metadata = {"Title": title, "Creator": None, "Date": None, "Format": None, "Type": None}
    figure.savefig(written, format="svg", transparent=True, metadata=metadata)
    # matplotlib leaves blanks at the ends of lines.
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())
