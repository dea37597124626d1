"""A clause with one of its figures taken out: 甲园区有企业320家 becomes 甲园区有企业多少家？"""

from __future__ import annotations

import re

from rag.answer.figures import Figure

ROUGH = re.compile(r"(?:大约|约|超过|超|将近|近|接近|逾|突破|共|至少|不到|不足|不低于|不多于)+$")
"""What says before a figure how exact it is."""
_LOOSE = re.compile("^(?:左右|以上|以下|以内|之多|余|多|上下)")
_MORE = re.compile("(?<![合吞兼])(?:并|且)(?![购网列]).*")
_WANTS = ("已", "数量", "总数", "规模", "产值", "合计", "种类", "算力", "的钱", "率")
_NUMERAL = re.compile(
    r"^[\d.,零〇一二两三四五六七八九十百千万亿余多几 ]+?"
    r"(?=[万亿]*(?:千[瓦克米]|[美欧日港]?元)|[^\d.,零〇一二两三四五六七八九十百千万亿余多几 ])"
)
"""The digits of a figure; 亿 stays with 元, for nobody asks for 元 where it is counted in 亿元."""


def figure_question(clause: str, figure: Figure) -> tuple[str, str]:
    """The clause with one of its figures asked for, and the words taken out.

    Both empty where it would read badly: a figure without a unit, or with nothing before it.
    """
    written = clause[figure.start : figure.end]
    before = ROUGH.sub("", clause[: figure.start])
    after = _MORE.sub("", _LOOSE.sub("", clause[figure.end :]))
    if not before:
        return "", ""
    if before != clause[: figure.start] and before.endswith(_WANTS):
        before += "有" if before.endswith("已") else "是"  # 已超1800家 has lost its verb
    if figure.kind == "percent":
        return f"{before}百分之多少{after}？", written
    unit = written[_digits(written) :]
    return (f"{before}多少{unit}{after}？", written) if unit else ("", "")


def _digits(figure: str) -> int:
    """Where the unit of a figure begins; its length where it has none."""
    match = _NUMERAL.match(figure)
    return match.end() if match else len(figure)
