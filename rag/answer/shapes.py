"""Questions of other shapes than one plain question: several at once, lists, comparisons."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_PARTS = 3

_QUOTED = re.compile(r"《[^《》]*》|“[^“”]*”")
_END = re.compile(r"[？?；;]+\s*")
_LIST = re.compile(r"哪些|哪几|分别|都有谁|有哪|列出|列举|包括什么|有什么")
_COMPARING = re.compile(
    r"相比|对比|比较|区别|不同|差异|差距|差多少|谁更|哪个更|哪家更|谁的|哪个的|各是|各有|各自|分别|都|更"
)
_JOIN = r"\s*(?:和|与|跟|同|及|以及|、|还是|vs\.?|VS\.?|对比|比)\s*"


def asks_for_list(question: str) -> bool:
    """Whether the answer is a list, which the small generator shortens."""
    return bool(_LIST.search(question))


def parts(question: str, terms: Sequence[str]) -> list[str]:
    """The questions that one question is made of, three at the most, in order.

    Questions that stand one after the other are taken apart at their marks; a question that
    sets two named things side by side is asked of each.
    """
    hidden = _QUOTED.sub(lambda m: re.sub(r"[？?；;]", "\0", m.group()), question)
    marks = [m.end() for m in _END.finditer(hidden)]
    pieces = [question[a:b] for a, b in zip([0, *marks], [*marks, len(question)], strict=True)]
    asked = [p.strip(" ？?；;") for p in pieces if re.search(r"\w", p)]
    if len(asked) > 1:
        return [f"{piece}？" for piece in asked[:MOST_PARTS]]
    return _compared(question, terms) or [question]


def _compared(question: str, terms: Sequence[str]) -> list[str]:
    """One question for each of two or three names joined by 和, or nothing."""
    if not _COMPARING.search(question):
        return []
    named = sorted((t for t in terms if t in question), key=len, reverse=True)
    kept = [t for i, t in enumerate(named) if not any(t in longer for longer in named[:i])]
    if not 2 <= len(kept) <= MOST_PARTS:
        return []
    names = "|".join(map(re.escape, kept))
    side_by_side = re.search(rf"(?:{names})(?:{_JOIN}(?:{names}))+", question)
    if not side_by_side:
        return []
    before, after = question[: side_by_side.start()], question[side_by_side.end() :]
    rest = re.sub(r"^(?:相比|对比|比较|之间)?[，,]?", "", after)
    rest = re.sub(r"谁的|哪个的|哪家的|哪个|谁|哪家|分别|各自|各|都|更", "", rest)
    ordered = sorted(set(re.findall(names, side_by_side.group())), key=side_by_side.group().find)
    return [f"{before}{name}{rest}" for name in ordered]
