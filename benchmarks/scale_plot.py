"""The picture of `scale.py`: how each figure grows with the number of passages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure

Found = Mapping[str, Any]
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "rag",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "font.size": 9,
}
PANELS: tuple[tuple[str, float | None, Mapping[str, Callable[[Found], float]]], ...] = (
    (
        "build without embedding, s",
        None,
        {
            "all": lambda f: f["build, s"],
            "training": lambda f: f["of that training, s"],
        },
    ),
    (
        "search p95, ms",
        150,
        {way: lambda f, way=way: f[f"{way}, ms"]["p95"] for way in ("dense", "sparse", "hybrid")},
    ),
    ("recall at 10 of the dense index", 0.95, {"": lambda f: f["recall at 10"]}),
    (
        "memory of the chat's process, GiB",
        4,
        {
            "resident": lambda f: f["serve, GiB"]["resident"],
            "of that mapped files": lambda f: f["serve, GiB"]["of mapped files"],
        },
    ),
    (
        "one more page, s",
        10,
        {
            "build, median": lambda f: median(f["a page: build, s"]),
            "swap, median": lambda f: median(f["a page: swap, s"]),
            "build in a new process": lambda f: f["a page in a new process, s"],
        },
    ),
    ("start, s", None, {"": lambda f: f["load, s"]}),
)


def draw(result: Mapping[str, Any], path: Path) -> None:
    """A panel for each figure; the aim is a dashed line."""
    sizes = [found["passages"] for found in result["sizes"]]
    with style.context(["default", SETTINGS]):
        figure = Figure(figsize=(10, 5.6), layout="constrained")
        for axes, (title, aim, lines) in zip(figure.subplots(2, 3).flat, PANELS, strict=True):
            for label, of in lines.items():
                axes.plot(sizes, [of(found) for found in result["sizes"]], "o-", label=label)
            if aim is not None:
                axes.axhline(aim, color="gray", linestyle="--", linewidth=1)
            axes.set_title(title)
            axes.set_xscale("log")
            axes.set_xlabel("passages")
            if any(lines):
                axes.legend(frameon=False)
            if "recall" in title:
                axes.set_ylim(0.9, 1.005)
            else:
                axes.set_ylim(bottom=0)
        figure.savefig(path, format="svg", metadata={"Date": None})
