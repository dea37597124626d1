"""What 那…呢？ sets against what: the span of the earlier question that the new words replace."""

from __future__ import annotations

import re

from rag.retrieve.phrases import MEASURE, NOMINAL, Part, Reading, nominals

_PLACE = re.compile("[区园城市省县州镇乡村港湾国]$")
_EVERYWHERE = re.compile("全[国省市区县球]|我国|国内")
_TOLD = re.compile("(?:出口|进口|投资|销售|生产|建设|发电|增长|分布|收入|规模|力|度)$")
"""Ends of nouns for what is told of a thing, besides those that measure it."""
_CLASSES = tuple(
    re.compile(f"(?:{w})$") for w in ("公司|集团|银行", "大学|学院", "研究院|研究所|实验室")
)


def like(new: Reading, then: Reading) -> tuple[int, int] | None:
    """The span `[start, end)` of the earlier question that is of the new entity's kind."""
    last, whole = new.parts[-1], new.text.strip()
    olds = [p for p in then.parts if p.text != whole and p.kind in NOMINAL]
    for old in olds:
        if _class(old) and _class(old) == _class(last):
            return old.start, old.end
    for old in olds:
        alike = old.text[-1] == whole[-1] or (old.text[0] == whole[0] == "全")
        if alike and len(new.parts) == 1 and len(old.text) == len(whole):
            return old.start, old.end
        if len(new.parts) > 1 and old.kind == "noun" and old.text[-1] == last.text[-1]:
            before = [p for p in then.parts if p.end <= old.end]
            size = next(
                (i for i, p in enumerate(before[::-1]) if p.kind not in NOMINAL), len(before)
            )
            return before[-size].start, old.end
    everywhere = next((p for p in olds if _EVERYWHERE.fullmatch(p.text)), None)
    if everywhere and _class(last) == "place":
        return everywhere.start, everywhere.end
    place = next((p for p in olds if _class(p) == "place"), None)
    if place and _EVERYWHERE.fullmatch(whole):
        return place.start, place.end
    named = [p for p in then.parts if p.kind == "name"]
    if len(named) == 1 and last.kind == "name":
        return named[0].start, named[0].end
    return None


def sibling(new: Reading, then: Reading) -> tuple[int, int] | None:
    """The span of the noun that a new one stands beside: 光伏 of 全国光伏装机 for 风电.

    None where the earlier question names an owner, whose thing (云岭的二期) is rather meant.
    """
    last, whole = new.parts[-1], new.text.strip()
    if last.kind != "noun" or _TOLD.search(whole) or MEASURE.search(whole) or whole in then.text:
        return None
    # 新能源汽车 is set against the 汽车 that it is a kind of.
    at = then.text.find(last.text)
    if len(new.parts) > 1 and len(last.text) > 1 and at >= 0:
        return at, at + len(last.text)
    if any(p.kind == "的" or (p.kind == "name" and p.flag != "ns") for p in then.parts):
        return None
    run = nominals([p for p in then.parts if p.kind != "time"]) if then.subject else ()
    nouns = [p for p in run if p.kind == "noun" and not _EVERYWHERE.fullmatch(p.text)]
    # What is measured or counted (装机) stays; what it is of is another.
    old = next(iter(nouns[-2:]), None)
    return (old.start, old.end) if old and not MEASURE.search(old.text) else None


def _class(part: Part) -> str:
    """What sort of name a part is, as far as its form or flag tells; empty where unknown."""
    if part.kind == "time" or part.flag == "nr":
        return part.flag or part.kind
    if part.kind != "name":
        return ""
    if part.text[0] in "《“「" or part.text.isascii():
        return "title" if part.text[0] in "《“「" else "code"
    if part.flag == "ns" or _PLACE.search(part.text):
        return "place"
    return next((c.pattern for c in _CLASSES if c.search(part.text)), "")
