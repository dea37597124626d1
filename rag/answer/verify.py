"""Is a sentence what its quotations say?

A sentence of a draft is kept when evidence supports it (`align`), every figure in it stands in
the sentences that it cites (`numbers`), and so does every name (`names`) and every office that
a person is given; what it calls a total, or of the whole country, is called so there; nor may
the cited sentence hold another figure of the same kind that could be the one asked for; two
figures of one clause stand together in one cited sentence. One that fails is replaced by the
best supporting quotation, or dropped where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.answer.align import Aligner, Source, Support
from rag.answer.figure_question import ROUGH
from rag.answer.names import Tagger, unsupported_names
from rag.answer.numbers import figures, supports, unsupported
from rag.index.words import normalise
from rag.types import Check

# A part that is called the whole is wrong, though its figure stands in the quotation.
_TOTAL = re.compile("累计|一共|总共|合计|总计|共计|共有")

_SCOPE = re.compile("全国|全省|全市|全区|全县|全球|全世界|全行业")
_OFFICE = re.compile(
    "负责人|创始人|董事长|总经理|总裁|主席|会长|理事长|书记|主任|部长|局长|处长|院长|校长|所长"
    "|首席专家|首席科学家|总工程师|工程师|教授|院士|研究员"
)
# What a figure counts stands right behind it, up to the next mark.
_MARK = re.compile(r"[\s，。；、！？：（）()“”《》,.;:!?]")
_COUNTED = 3
# What a figure measures stands before it: 净利润是180万元. A word of mere counting fits any figure.
_SAID_TO_BE = re.compile("(?:是|为|达到?)$")
_COUNT = re.compile(
    "数量|总数|总量|数目|规模|总额|比例|占比|份额|人数|次数|个数|家数|合计|一共|总共"
)


def verify(
    draft: Sequence[str],
    question: str,
    evidence: Sequence[Source],
    aligner: Aligner,
    tagger: Tagger | None = None,
) -> tuple[list[Support], list[Check]]:
    """What may be shown of a draft, and what was found of each of its sentences."""
    shown: list[Support] = []
    checks: list[Check] = []
    for sentence in draft:
        support = aligner.align(sentence, question, evidence)
        reason = (
            _fault(support, question, tagger) or _borrowed(support, aligner) or _joined(support)
        )
        if not reason:
            shown.append(support)
            checks.append(Check(sentence, "kept", "", support.share))
        elif support.quotes:
            shown.append(quotation(support.quotes[0]))
            checks.append(Check(sentence, "replaced", reason, support.share))
        else:
            checks.append(Check(sentence, "dropped", reason, support.share))
    return once(shown), checks


def quotation(source: Source) -> Support:
    """A sentence of the evidence as a sentence of an answer: it supports itself."""
    return Support(source[1].text, (source,), 1.0)


def once(supports: Sequence[Support]) -> list[Support]:
    """Each text with its quotations once, in order."""
    return list({(support.text, support.quotes): support for support in supports}.values())


def _fault(support: Support, question: str, tagger: Tagger | None) -> str:
    """Why a sentence may not be shown; empty where it may."""
    if not support.quotes:
        return "资料中没有支持这句话的句子"
    quotes = [sentence.text for _article, sentence in support.quotes]
    figures = unsupported(support.text, quotes)
    if figures:
        return f"引文中没有这个数字：{figures[0].text}"
    scope = next((s for s in _SCOPE.findall(support.text) if s not in "".join(quotes)), "")
    if scope:
        return f"引文说的不是{scope}"
    total = _TOTAL.search(support.text)
    if total and not any(map(_TOTAL.search, quotes)):
        return f"引文没有说这是总数：{total.group()}"
    office = next((o for o in _OFFICE.findall(support.text) if o not in "".join(quotes)), "")
    if office:
        return f"引文中没有这个职务：{office}"
    rival = _rival(support.text, quotes)
    if rival:
        return f"引文中有几个同类数字（如{rival}），引用原文以免取错"
    headlines = [article.headline for article, _sentence in support.quotes]
    missing = unsupported_names(support.text, [*quotes, *headlines], question, tagger)
    return f"引文中没有这个名称：{missing[0]}" if missing else ""


def _borrowed(support: Support, aligner: Aligner) -> str:
    """Why a figure does not count what the sentence says it counts; empty where it may.

    A draft may join two sentences: the figure is of one, what follows it of the other. Or it
    takes the figure that there is for the measure that was asked for.
    """
    quotes = [sentence.text for _article, sentence in support.quotes]
    headlines = [article.headline for article, _sentence in support.quotes]
    told = normalise("".join([*quotes, *headlines]))
    held = [figures(quote) for quote in quotes]
    for figure in figures(support.text):
        if figure.kind == "date":
            continue
        measure = _measure(support.text[: figure.start], aligner)
        pairs = [measure[at : at + 2] for at in range(len(measure) - 1)] or [measure]
        if not any(pair in told for pair in pairs):
            return f"引文中的{figure.text}说的不是{measure}"
        counted = aligner.words(_MARK.split(support.text[figure.end :], 1)[0])[:_COUNTED]
        own = [quote for quote, has in zip(quotes, held, strict=True) if supports(has, figure)]
        others = "".join(quote for quote in quotes if quote not in own)
        for word in counted:
            if word in normalise(others) and word not in normalise("".join(own)):
                return f"引文中的{figure.text}说的不是{word}"
    return ""


def _joined(support: Support) -> str:
    """Why two figures do not belong to one clause; empty where they may.

    2008年落户的年份是2022年7月: each stands in a quotation, but in none of them both do.
    """
    quoted = [figures(sentence.text) for _article, sentence in support.quotes]
    for one, other in pairwise(figures(support.text)):
        apart = _MARK.search(support.text[one.end : other.start])
        if not apart and not any(supports(q, one) and supports(q, other) for q in quoted):
            return f"引文没有把{one.text}和{other.text}放在一起说"
    return ""


def _measure(before: str, aligner: Aligner) -> str:
    """What a figure is said to be, by what stands before it; empty where that says nothing.

    A paraphrase shares a pair of characters with its source: 增长率 and 增长.
    """
    clause = _MARK.split(ROUGH.sub("", before))[-1]
    verb = _SAID_TO_BE.search(clause)
    words = aligner.words(clause[: verb.start()]) if verb else ()
    return "" if not words or _COUNT.search(words[-1]) else words[-1]


def _rival(sentence: str, quotes: Sequence[str]) -> str:
    """Another figure of the same kind and unit in a quotation, which the sentence leaves out.

    A small generator takes the first figure of the right kind as often as the right one, and
    no comparison of words tells the two apart: the reader is shown the whole sentence.
    """
    claimed = [f for f in figures(sentence) if f.kind in ("number", "percent")]
    kinds = {(f.kind, f.unit) for f in claimed}
    values = {f.value for f in claimed}
    for quote in quotes:
        for figure in figures(quote):
            if (figure.kind, figure.unit) in kinds and figure.value not in values:
                return figure.text
    return ""
