"""Questions of other shapes than one plain question: several at once, lists, comparisons.

It works by form: marks, words of asking, and what is set side by side by 和, 与, 比. Each part
is a question that can be asked alone, but for a subject that the part before it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.answer import side_forms as forms

MOST_PARTS = 4
TOO_MANY = "一次最多回答四个问题，其余请另问。"
"""What is said where a question has more than `MOST_PARTS` parts."""

_QUOTED = re.compile(r"《[^《》]*》|“[^“”]*”")
_END = re.compile(r"[？?；;\n]+\s*")
_COMMA = re.compile(r"[，,、]\s*")
_LIST = re.compile(r"哪些|哪几|分别|都有谁|有哪|列出|列举|包括什么|有什么")
_NUMBERED = re.compile(
    r"^\s*(?:[(（]?[0-9一二三四五六]{1,2}[)）.．、](?![0-9])|[①-⑨]|第[一二三四五六]，)"
)
_ALSO = re.compile(
    r"^\s*(?:另外|此外|还有|以及|同时|然后|其次|最后|再问|顺便问一?下?|请问)+[，,：:]\s*"
)
# What is left of a sentence about the answer's form (请把出处都列出来) is nothing.
_FORM = re.compile(
    r"请|麻烦|谢谢|多谢|帮我|给我|[我并再也都将把按用以]|[各每][期篇]|各自|分别|一起|一并|逐一"
    r"|报道|报纸|资料|原文|数字|数据|日期|时间|出处|来源|依据|理由|答案|问题|[一几]句话|简[要单短]"
    r"|详细|具体|尽量|列出来?|列举|说明|说清楚?|给出|回答|作答|注明|标明|一下|[的数地和与及]|[\W_]"
)


def asks_for_list(question: str) -> bool:
    """Whether the answer is a list, which the small generator shortens."""
    return bool(_LIST.search(question))


def parts(
    question: str,
    terms: Sequence[str],
    standalone: Callable[[str, Sequence[str]], str] = lambda piece, _earlier: piece,
) -> list[str]:
    """The questions that one question is made of, in order, however many.

    terms: names that may be compared. Questions that stand one after the other are taken apart
    at their marks, clauses that ask of different things at their commas; a question that sets
    things side by side is asked of each. Sentences about the answer's form are no questions.
    standalone: reads a piece with those before it; what is set side by side needs no such thing.
    """
    found: list[str] = []
    for piece in _split(question, _END):
        if found and not _FORM.sub("", piece):
            continue
        piece = _ALSO.sub("", _NUMBERED.sub("", piece).strip())
        for asked in _listed(piece) or [piece]:
            found += compared(asked, terms) or [
                standalone(clause, found) if found else clause
                for clause in _of_others(asked, terms) or [asked]
            ]
    done = list(dict.fromkeys(f"{piece.rstrip(' ？?。')}？" for piece in found))
    return done if len(done) > 1 or len(_split(question, _END)) > 1 else [question]


def _split(text: str, at: re.Pattern[str]) -> list[str]:
    """The pieces between the marks, those in quotation marks apart; none of marks alone."""
    hidden = _QUOTED.sub(lambda m: "\0" * len(m[0]), text)
    marks = [m.span() for m in at.finditer(hidden)]
    starts, ends = [0, *(end for _, end in marks)], [*(start for start, _ in marks), len(text)]
    pieces = (text[a:b] for a, b in zip(starts, ends, strict=True))
    return [piece.strip() for piece in pieces if re.search(r"\w", piece)]


def _listed(piece: str) -> list[str]:
    """The clauses behind a colon; what stands before it goes with the first.

    But where it asks itself, the clauses behind it say what is asked in full.
    """
    head, _colon, tail = piece.replace(":", "：").partition("：")
    clauses = _asking(tail)
    if not clauses or forms.ASKS.search(head):
        return clauses
    return [f"{head}，{clauses[0]}", *clauses[1:]]


def _of_others(piece: str, terms: Sequence[str]) -> list[str]:
    """The clauses that each ask of something named of their own.

    Clauses that ask of one subject stay together: its passage answers them all at once.
    """
    clauses, named = _asking(piece), set[str]()
    for clause in clauses:
        own = {t for t in terms if t in clause} - named
        if not own:
            return []
        named |= own
    return clauses


def _asking(text: str) -> list[str]:
    """The clauses that each ask, if two do; one that asks nothing goes with the next one."""
    done, waiting = list[str](), ""
    for clause in _split(text, _COMMA):
        whole = f"{waiting}，{clause}" if waiting else clause
        # 谁，何时: words of asking alone are no question.
        if not forms.ASKS.search(clause) or len(forms.ASKS.sub("", clause)) < forms.FEWEST:
            waiting = whole
        else:
            done, waiting = [*done, whole], ""
    if len(done) < 2:
        return []
    return [*done[:-1], f"{done[-1]}，{waiting}"] if waiting else done


def compared(question: str, terms: Sequence[str]) -> list[str]:
    """One question for each of the things set side by side; nothing where none are."""
    if not forms.COMPARING.search(question) or forms.CHANGE.search(question):
        return []
    side = _named(question, terms) or _by_form(question)
    if side is None:
        return []
    before, names, rest = side
    if each := _each_its_own(names, rest):
        return each
    if (printed := forms.PRINTED.match(rest)) and all(map(forms.PERIOD.fullmatch, names)):
        about = before.rstrip("，,、的") + rest[printed.end() :]
        return [f"{name}的报道里，{forms.as_question(about)}" for name in names]
    rest, noun = forms.without_pair(rest)
    full = [name if forms.WHOLE.search(name) else name + noun for name in names]
    before = forms.TO_COMPARE.sub("", before)
    return [before + name + forms.as_question(rest) for name in full]


def whole_articles(question: str) -> list[str]:
    """What names each of two articles set side by side as wholes (对比甲和乙两篇报道), or nothing.

    Nothing either where something of them is compared (两篇报道的投资额).
    """
    side = _named(question, ()) or _by_form(question)
    if side is None or not forms.COMPARING.search(question):
        return []
    before, names, rest = side
    articles = forms.ARTICLES.match(rest)
    if forms.TO_COMPARE.sub("", before) or not articles:
        return []
    named = [re.sub(r"[这那]?一?[篇则条]?$", "", name) for name in names]
    return named if forms.nothing_more(rest[articles.end() :]) else []


def _named(question: str, terms: Sequence[str]) -> tuple[str, list[str], str] | None:
    """What stands before, the names joined, and what stands behind, of known names and times."""
    known = sorted((t for t in terms if len(t) > 1 and t in question), key=len, reverse=True)
    one = "|".join([_QUOTED.pattern, *map(re.escape, known), forms.PERIOD.pattern])
    found = re.search(rf"(?:{one})(?:{forms.JOIN}(?:{one}))+", question)
    if not found or not _fits(question, found):
        return None
    names = list(dict.fromkeys(m[0] for m in re.finditer(one, found[0])))
    before, rest = question[: found.start()], question[found.end() :]
    return (before, forms.with_years(names), rest) if len(names) > 1 else None


def _fits(question: str, found: re.Match[str]) -> bool:
    """Whether names stand as they are, and A比B is no growth (比7月多少)."""
    rest = question[found.end() :]
    if re.search(r"[^对]比", found[0]) and not forms.THAN.match(rest):
        return False
    return not re.match(rf"{forms.JOIN}[^，,？?]{{2,}}", rest) or bool(re.match("比", rest))


def _by_form(question: str) -> tuple[str, list[str], str] | None:
    """The same where no name is known: two short things before the words of comparing."""
    found = forms.PAIR.match(question)
    if not found:
        return None
    before, first, second = found["before"] or "", found["first"], found["second"]
    rest = question[found.end("second") :]
    owner, of, thing = first.rpartition("的")
    if of and rest.startswith(f"的{thing}"):
        first = owner  # 甲的企业和乙的企业: what is asked of both is said twice.
    elif of:
        before, first = f"{before}{owner}的", thing
    if (when := forms.PERIOD.match(first)) and len(first) - when.end() > 1:
        before, first = before + when[0], first[when.end() :]
    # 甲电池和乙电池出口: the second ends as the first does. 铁路桥 is another thing than 铁路.
    if (same := second.find(first[-2:], 1)) > 0 and len(second) - same > 3:
        second, rest = second[: same + 2], second[same + 2 :] + rest
    words = (first, second)
    if any(forms.ASKS.search(w) or forms.EARLIER.match(w) or len(w) < 2 for w in words):
        return None
    return before, [first, second], rest


def _each_its_own(names: Sequence[str], rest: str) -> list[str]:
    """甲和乙，一个有多少企业，一个有多少专利: to each its own question."""
    found = forms.OWN.split(rest)[1:]
    asked = [piece.strip(" ，,、；;？?") for piece in found]
    if len(asked) != len(names) or not all(map(forms.ASKS.search, asked)):
        return []
    return [name + piece for name, piece in zip(names, asked, strict=True)]
