"""Questions taken apart: words, names and times, and what is subject, topic and predicate."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.index.words import SUFFIX, normalise

Tag = Callable[[str], list[tuple[str, str]]]
"""Cuts a text, nothing left out, into words with jieba's part-of-speech flags."""
Kind = Literal["name", "noun", "time", "number", "ask", "verb", "的", "and", "mark", "other"]

CLASSIFIER = "个家项种位座枚条篇款只艘台所份名类次届期批支辆架层间块片颗本部套门场段则"
_SPANS: tuple[tuple[Kind, str], ...] = (
    ("name", r"《[^《》\n]{2,30}》|“[^“”\n]{2,12}”|「[^「」\n]{2,12}」"),
    ("noun", r"第?[\d一二三四五六七八九十]+[号期代]"),
    ("time", r"(?:\d{2,4}|[〇零一二三四五六七八九十]{2,4})年(?![级代])(?:\d\d?月(?:\d\d?日)?)?"),
    ("time", r"[去今前明]年|[上下]半年|第?[一二三四1-4]季度|[上本下]个?月"
     r"|(?:\d\d?|十?[一二三四五六七八九十])月(?:份|\d\d?日)?"),
    ("name", r"[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*"),
    ("ask", rf"什么(?:时候|样|地方)?|多少|为什么|为何|怎么样?|怎样|如何|[几何]时|何地|谁家?"
     rf"|哪(?:一?[{CLASSIFIER}年月天些里儿])?|几[{CLASSIFIER}年月天]|多[大长高久远重宽深]"),
)  # fmt: skip
_FLAGS: tuple[tuple[str, Kind], ...] = (
    ("ns|nr|nrfg|nrt|nt|nz|eng", "name"), ("n.*|vn|an|j|b|s|l|i|x|f|a|t", "noun"),
    ("uj", "的"), ("c", "and"), ("m|mq|q", "number"), ("v.*|d|p", "verb"), ("y|u.*", "mark"),
)  # fmt: skip
NOMINAL: tuple[Kind, ...] = ("name", "noun", "time")
COPULA = frozenset("是 有 为 叫 达 占".split())
_WHEN = frozenset("什么时候 何时 几时 为什么 为何 怎么 如何 哪里 哪儿".split())
MEASURE = re.compile("[率额量数值价费速积金资龄]$|^全[长高宽]$")
"""Ends of nouns that are measured of a thing and are no things themselves."""
_MAKES = re.compile(
    "成立|组建|建立|建成|新建|共建|创建|创办|设立|开设|建设|打造|搭建|开工|动工|启用|投用|启动|上线"
    "|发布|推出|研[发制]|开发|生产|制[定造]|出台|签署|举办|揭牌|发射|通车"
)
"""Verbs that bring a thing about: what 它 in the next question points at."""
_NO_THING = re.compile(
    "(?:水平|情况|特点|作用|意义|目的|目标|原因|问题|优势|影响|内容|成绩|成果|力|度)$"
)
_ORGANISATION = re.compile(rf".{{2,}}(?:{SUFFIX})")


@dataclass(frozen=True, slots=True)
class Part:
    """A word or name of a question, at `[start, end)`. flag: jieba's, empty where none."""

    start: int
    end: int
    text: str
    kind: Kind
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A question that stands alone, taken apart.

    subject: all that stands before the predicate, empty where the question asks for it.
    topic: what it is about, mostly a name. predicate: the rest behind the subject.
    asked: the thing that it asks to be told or tells the making of (甲的模型叫什么？, 甲成立了
    什么联合体？), which 它 points at before the topic; empty where there is none.
    """

    text: str
    parts: tuple[Part, ...]
    subject: str
    topic: str
    predicate: str
    asked: str = ""


class Phrases:
    """Takes questions apart. Safe to share between threads where `tag` is."""

    def __init__(self, tag: Tag, terms: Collection[str] = ()) -> None:
        self._tag = tag
        self._terms = frozenset(map(normalise, terms))

    def read(self, text: str) -> Reading:
        """The subject, topic and predicate of a question."""
        parts = tuple(self._parts(text))
        ask = next((i for i, p in enumerate(parts) if p.kind == "ask"), 0)
        comma = max((i for i in range(ask) if parts[i].text in "，,：:；;"), default=-1)
        whole, parts = parts, parts[comma + 1 :]  # The clause that asks has the subject.
        end = _subject_end(parts)
        subject = text[parts[0].start : parts[end - 1].end].strip() if end else ""
        predicate = text[parts[end].start :] if end < len(parts) else ""
        predicate = predicate if re.search(r"\w", predicate) else ""
        topic = _topic(text, parts, end)
        return Reading(text, whole, subject, topic, predicate, _thing(text, parts, end))

    def asks(self, text: str) -> bool:
        """Whether a piece of text is a question: 呢 and 吗 ask, too."""
        return bool(re.search(r"[呢吗][\s？?]*$", text)) or any(
            p.kind == "ask" for p in self._parts(text)
        )

    def _parts(self, text: str) -> Iterator[Part]:
        """Words, with the spans of `_SPANS` and organisations whole."""
        run: list[Part] = []
        words = list(self._words(text))
        for i, part in enumerate(words):
            if part.kind in ("name", "noun") and not _is_verb(words, i):
                run.append(part)
                name = text[run[0].start : part.end]
                odd = any(p.kind == "name" or p.flag in ("x", "j") for p in run)
                if len(run) > 1 and odd and _ORGANISATION.fullmatch(name):
                    run = [Part(run[0].start, part.end, name, "name")]
                continue
            yield from run
            run = []
            yield replace(part, kind="verb") if part.kind in ("name", "noun") else part
        yield from run

    def _words(self, text: str) -> Iterator[Part]:
        position = 0
        for start, end, kind in [*_spans(text), (len(text), len(text), None)]:
            for word, flag in self._tag(text[position:start]) if start > position else ():
                stop = position + len(word)
                if word.strip():
                    yield Part(position, stop, word, self._kind(word, flag), flag)
                position = stop
            if kind:
                yield Part(start, end, text[start:end], kind)
            position = end

    def _kind(self, word: str, flag: str) -> Kind:
        if not re.search(r"\w", word):
            return "mark"
        if normalise(word) in self._terms:
            return "name"
        kind: Kind = next((k for pattern, k in _FLAGS if re.fullmatch(pattern, flag)), "other")
        return "noun" if kind == "name" and len(word) < 2 else kind


def _spans(text: str) -> list[tuple[int, int, Kind]]:
    """Matches of `_SPANS` in order of place; where two overlap, the earlier pattern's."""
    taken: list[tuple[int, int, Kind]] = []
    for kind, pattern in _SPANS:
        for m in re.finditer(pattern, text):
            if all(m.end() <= start or m.start() >= end for start, end, _ in taken):
                taken.append((m.start(), m.end(), kind))
    return sorted(taken)


def _subject_end(parts: Sequence[Part]) -> int:
    """The number of parts that are the subject; 0 where the question asks for it or lacks it."""
    ask = next((i for i, p in enumerate(parts) if p.kind == "ask"), len(parts))
    if ask > 1 and parts[ask - 1].text in COPULA and parts[ask - 2].kind in (*NOMINAL, "的"):
        return ask - 1
    end = len(nominals(parts))
    while end < ask and parts[end].flag != "p":
        # A relative clause (…拿到的算法) is part of the subject where a predicate follows it.
        de = next((i for i in range(end, ask) if parts[i].kind == "的"), ask)
        longer = de + 1 + len(nominals(parts[de + 1 :]))
        if longer <= de + 1 or all(p.kind == "mark" for p in parts[longer:]):
            break
        end = longer
    return end


def nominals(parts: Sequence[Part]) -> Sequence[Part]:
    """The nouns that the parts begin with, joined by 的 or 和, with what counts them."""
    end = 0
    for i, part in enumerate(parts):
        if part.kind in NOMINAL:
            end = i + 1
        elif not (part.kind in ("number", "的", "and") or part.text in ("那", "这")):
            break
    return parts[:end]


def _topic(text: str, parts: Sequence[Part], end: int) -> str:
    """What 它 points at: the subject's name or owner, or what the question asks for."""
    if not end:
        return _asked(text, parts)
    head = [p for p in nominals(parts) if p.start < parts[end - 1].end]
    while len(head) > 1 and head[0].kind in ("time", "的"):
        head = head[1:]
    if head and (_is_whole(head[0]) or (head[0].flag == "nr" and _apart(head))):
        return head[0].text
    if not head or head[-1].end < parts[end - 1].end:
        return text[parts[0].start : parts[end - 1].end]
    head = head[: next((i for i, p in enumerate(head) if p.kind == "的" and i), len(head))]
    while len(head) > 1 and (head[-1].flag == "vn" or MEASURE.search(head[-1].text)):
        head = head[:-1]
    topic = text[head[0].start : head[-1].end]
    # 总投资, 建筑面积: what is measured of a thing not named is none to go on with.
    measured = MEASURE.search(topic) and all(p.kind == "noun" for p in head)
    return "" if measured or len(topic) < 2 else topic


def _asked(text: str, parts: Sequence[Part]) -> str:
    """哪家公司研发了…？: the company that did; the last name for any other question."""
    named = [p.text for p in parts if p.kind == "name"]
    run = nominals(parts[1:])
    if run and parts[0].text.startswith("哪") and len(run) + 1 < len(parts):
        did = re.sub(r"[\s？?。吗]+$", "", text[run[-1].end :])
        return f"{did}的{text[run[0].start : run[-1].end]}"
    return named[-1] if named else ""


def _thing(text: str, parts: Sequence[Part], end: int) -> str:
    """The thing that a question is about the name or the making of; see `Reading.asked`."""
    asks = [i for i, p in enumerate(parts) if p.kind == "ask"]
    if len(asks) != 1:
        return ""
    [ask] = asks
    behind = parts[ask + 1 :]
    things = nominals(behind)
    if things and re.fullmatch(f"什么|哪一?[{CLASSIFIER}]", parts[ask].text):
        did = "".join(p.text for p in parts[end:ask])
        ends = all(p.kind == "mark" for p in behind[len(things) :])
        if not ends or not _MAKES.search(did) or _NO_THING.search(things[-1].text):
            return ""
        before = re.sub(r"[了过]?\s*$", "", text[parts[0].start : parts[ask].start])
        return f"{before}的{text[things[0].start : things[-1].end]}"
    subject = parts[:end]
    if len(subject) < 2 or MEASURE.search(subject[-1].text) or _NO_THING.search(subject[-1].text):
        return ""
    rest = parts[end:]
    named = parts[ask].text == "什么" and ask and parts[ask - 1].text in ("叫", "是", "为")
    done = [] if any(p.kind in NOMINAL for p in rest) else rest
    did = "".join(p.text for p in (*subject, *done) if p.kind not in NOMINAL)
    owned = any(p.kind == "的" for p in subject)
    known = owned and (named or _MAKES.search(did))
    return text[subject[0].start : subject[-1].end] if known else ""


def _apart(head: Sequence[Part]) -> bool:
    """Whether no noun follows the first part at once."""
    return len(head) == 1 or head[1].kind not in ("noun", "name")


def _is_whole(part: Part) -> bool:
    """A name that needs no noun behind it, unlike the 青禾 of 青禾铁路."""
    return part.kind == "name" and part.flag in ("", "x")


def _is_verb(words: Sequence[Part], i: int) -> bool:
    """Whether a word that the tagger takes for a noun is used, or begins, as a verb."""
    word, after = words[i], next((w for w in words[i + 1 :] if w.text.strip("？?")), None)
    if after and after.text in ("了", "过", "着"):
        return bool(word.flag)
    asked = i > 0 and words[i - 1].kind == "ask" and words[i - 1].text in _WHEN
    can = len(word.text) == 2 and re.match("能(?![源力量耗级效])", word.text)
    return bool(can) or (asked and bool(word.flag) and after is None)
