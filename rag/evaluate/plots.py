"""The pictures of a report, as SVG to stand inside a page.

Texts stay texts, drawn by the reader's fonts; colours are the page's custom properties, with
those of a light page where it has none. The same report gives the same bytes.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import warnings
from xml.etree import ElementTree

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rag.evaluate.record import Report
from rag.evaluate.rows import legal, seconds, stage_seconds
from rag.evaluate.summary import STAGES

WIDTH = 400  # units of the drawing, of which a point of text takes one: legible on a phone
LINE = 26  # height of a bar with its room
LABEL = 10  # full-width characters of a tag that are drawn
BINS = 20
INK, QUIET, RULE, ACCENT, BAR = "#010101", "#020202", "#030303", "#040404", "#050505"
COLOURS = {
    INK: "currentColor",
    QUIET: "var(--quiet, #6d665d)",
    RULE: "var(--rule, #e3ddd2)",
    ACCENT: "var(--accent, #a02c24)",
    BAR: "var(--bar, #a39a8c)",
}
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "rag",
    "text.parse_math": False,
    "font.size": 12,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.labelcolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.facecolor": "none",
    "grid.color": RULE,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
}
HREF = "{http://www.w3.org/1999/xlink}href"


def tag_bars(report: Report) -> str:
    """The share of passed cases of every tag, with its interval; "" where no case has a tag."""
    tags = {tag: m for tag, m in report.tags.items() if m.value is not None}
    if not tags:
        return ""
    height = LINE * len(tags) + 34
    names = [_short(legal(tag), LABEL) for tag in tags]
    texts = [f"{m.value:.0%} · {m.n} 题" for m in tags.values()]
    with style.context(["default", SETTINGS]):
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        axes = _axes(figure, height, left=12 + 12 * max(map(_width, names)), right=82, bottom=24)
        for row, (metric, text) in enumerate(zip(tags.values(), texts, strict=True)):
            value = metric.value or 0.0
            axes.barh(row, 1, 0.5, color=RULE)
            axes.barh(row, value, 0.5, color=BAR)
            if metric.low is not None and metric.high is not None:
                axes.plot([metric.low, metric.high], [row, row], color=INK, linewidth=1.2)
            axes.text(1.03, row, text, va="center", color=QUIET, fontsize=11)
        axes.set_yticks(range(len(names)), names, color=INK)
        axes.tick_params(length=0)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        _percent(axes, "x")
        axes.spines[:].set_visible(False)
        described = "；".join(f"{tag} {text}" for tag, text in zip(tags, texts, strict=True))
        return _svg(figure, "tags", "各标签的通过率", f"细线是 95 % 区间。{described}")


def latency_histogram(report: Report) -> str:
    """How long each stage took, over the cases; "" where no time was taken."""
    times = {label: _times(report, stage) for stage, label in STAGES.items()}
    times = {label: values for label, values in times.items() if values}
    if not times:
        return ""
    height = 118 * len(times)
    described = []
    with style.context(["default", SETTINGS]):
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        for row, (label, values) in enumerate(times.items()):
            top = 118 * row + 24
            axes = _axes(figure, height, left=36, right=16, bottom=height - top - 66, top=top)
            middle, late = (float(np.percentile(values, p)) for p in (50, 95))
            end = max(values) or 0.001
            axes.hist(values, np.linspace(0, end, BINS + 1).tolist(), color=BAR, rwidth=0.9)
            axes.axvline(middle, color=ACCENT, linewidth=1.6)
            axes.axvline(late, color=ACCENT, linewidth=1.6, linestyle=(0, (2, 2)))
            words = f"中位 {seconds(middle)}，95 % 之内 {seconds(late)}"
            axes.set_title(f"{label}　{words}", pad=7)
            axes.locator_params(axis="y", integer=True, nbins=3)
            axes.locator_params(axis="x", nbins=6)
            axes.tick_params(length=3)
            described.append(f"{label}{words}（{len(values)} 题）")
        title = "各步用时的分布（横轴：秒；纵轴：题数）"
        return _svg(figure, "latency", title, "；".join(described))


def refusal_curve(report: Report) -> str:
    """Precision over recall of refusing, by threshold; "" where the curve has no point."""
    points = sorted(report.refusal_curve, key=lambda p: (p.threshold, p.recall))
    if not points:
        return ""
    height = 330
    with style.context(["default", SETTINGS]):
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        axes = _axes(figure, height, left=56, right=28, bottom=46, top=16)
        axes.grid(linewidth=0.8)
        axes.set_axisbelow(True)
        recall, precision = [p.recall for p in points], [p.precision for p in points]
        axes.plot(recall, precision, color=BAR, linewidth=1.8, clip_on=False)
        axes.scatter(recall, precision, 16, color=ACCENT, zorder=3, clip_on=False)
        taken: list[tuple[float, float]] = []
        for p in points:
            if all(math.dist((p.recall, p.precision), other) > 0.13 for other in taken):
                taken.append((p.recall, p.precision))
                low = p.precision < 0.12
                axes.annotate(
                    f"{p.threshold:.2f}",
                    (p.recall, p.precision),
                    xytext=(-4, 6) if low else (-4, -7),
                    textcoords="offset points",
                    ha="right",
                    va="bottom" if low else "top",
                    color=QUIET,
                    fontsize=11,
                )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("召回率：该拒答的题中拒答了的")
        axes.set_ylabel("准确率：拒答的题中该拒答的")
        _percent(axes, "x")
        _percent(axes, "y")
        axes.tick_params(length=0, pad=5)
        first, last = points[0], points[-1]
        words = (
            f"点旁是阈值。阈值从 {first.threshold:.2f} 到 {last.threshold:.2f}，"
            f"召回率从 {first.recall:.0%} 到 {last.recall:.0%}，"
            f"准确率从 {first.precision:.0%} 到 {last.precision:.0%}"
        )
        return _svg(figure, "refusal", "拒答的准确率与召回率", words)


def _times(report: Report, stage: str) -> list[float]:
    taken = (stage_seconds(result, stage) for result in report.results)
    return [t for t in taken if t is not None and math.isfinite(t)]


def _axes(
    figure: Figure, height: int, *, left: float, right: float, bottom: float, top: float = 8
) -> Axes:
    """Axes that keep these margins, in units, from the edges of the figure."""
    across, up = WIDTH - left - right, height - top - bottom
    return figure.add_axes((left / WIDTH, bottom / height, across / WIDTH, up / height))


def _percent(axes: Axes, side: str) -> None:
    ticks = [0, 0.25, 0.5, 0.75, 1]
    set_ticks = axes.set_xticks if side == "x" else axes.set_yticks
    set_ticks(ticks, [f"{tick:.0%}" for tick in ticks], fontsize=11)


def _width(text: str) -> float:
    """Roughly the width in full-width characters."""
    return sum(1 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in text)


def _short(text: str, limit: int) -> str:
    text = " ".join(text.split())
    if _width(text) <= limit:
        return text
    while _width(text) > limit - 1:
        text = text[:-1]
    return f"{text}…"


def _svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as an element with a name for screen readers, safe beside other ones."""
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        # matplotlib only measures with its own font; the reader's fonts draw.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        figure.savefig(drawn, format="svg", metadata=dict.fromkeys(("Date", "Creator")))
    root = ElementTree.fromstring(drawn.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            # its style sheet would hold for the whole page
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            "href" if key == HREF else key: _attribute(key, value, name)
            for key, value in element.attrib.items()
        }
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": root.attrib["viewBox"],
        "class": "plot",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "style": "stroke-linejoin: round; font-family: system-ui, sans-serif",
    }
    _say(root, "desc", f"{name}-desc", description)
    _say(root, "title", f"{name}-title", title)
    return ElementTree.tostring(root, encoding="unicode")


def _say(root: ElementTree.Element, kind: str, identifier: str, text: str) -> None:
    element = ElementTree.Element(kind, {"id": identifier})
    element.text = legal(text)
    root.insert(0, element)


def _attribute(key: str, value: str, name: str) -> str:
    """Colours as the page's, identifiers of this picture's own, no font but the page's."""
    if key == "id":
        return f"{name}-{value}"
    if key == HREF:
        return value.replace("#", f"#{name}-", 1)
    for drawn, shown in COLOURS.items():
        value = value.replace(drawn, shown)
    value = value.replace("url(#", f"url(#{name}-")
    return re.sub(r"font-family:[^;]*; ?", "", value)
