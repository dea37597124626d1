"""A follow-up (那…呢？ 它什么时候发布的？ 谁负责？) to a question that stands alone.

It works by form alone: a question is cut into parts (names, nouns, times, words of asking),
and what the new question lacks is taken from the question before it. A question that lacks
nothing is a new topic and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.index.words import SUFFIX, Segmenter, normalise

Tag = Callable[[str], list[tuple[str, str]]]
"""Cuts a text, nothing left out, into words with jieba's part-of-speech flags."""
Kind = Literal["name", "noun", "time", "number", "ask", "verb", "的", "and", "mark", "other"]

LONGEST = 200
"""Characters of a resolved question; one that would be longer stays as it was asked."""
MEMORY = 8
"""Earlier questions that are looked at."""
_OWN = 3
"""Nouns and verbs from which on a question with a subject of its own is a new topic."""

_CLASSIFIER = "个家项种位座枚条篇款只艘台所份名类次届期批支辆架层间块片颗本部套门场段则"
_SPANS: tuple[tuple[Kind, str], ...] = (
    ("name", r"《[^《》\n]{2,30}》|“[^“”\n]{2,12}”|「[^「」\n]{2,12}」"),
    ("noun", r"第?[\d一二三四五六七八九十]+[号期代]"),
    ("time", r"(?:\d{2,4}|[〇零一二三四五六七八九十]{2,4})年(?![级代])(?:\d\d?月(?:\d\d?日)?)?"),
    ("time", r"[去今前明]年|[上下]半年|第?[一二三四1-4]季度|[上本下]个?月"
     r"|(?:\d\d?|十?[一二三四五六七八九十])月(?:份|\d\d?日)?"),
    ("name", r"[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*"),
    ("ask", rf"什么(?:时候|样|地方)?|多少|为什么|为何|怎么样?|怎样|如何|[几何]时|何地|谁家?"
     rf"|哪(?:一?[{_CLASSIFIER}年月天些里儿])?|几[{_CLASSIFIER}年月天]|多[大长高久远重宽深]"),
)  # fmt: skip
_FLAGS: tuple[tuple[str, Kind], ...] = (
    ("ns|nr|nrfg|nrt|nt|nz|eng", "name"), ("n.*|vn|an|j|b|s|l|i|x|f|a|t", "noun"),
    ("uj", "的"), ("c", "and"), ("m|mq|q", "number"), ("v.*|d|p", "verb"), ("y|u.*", "mark"),
)  # fmt: skip
_NOMINAL: tuple[Kind, ...] = ("name", "noun", "time")
_COPULA = frozenset("是 有 为 叫 达 占".split())
_WHEN = frozenset("什么时候 何时 几时 为什么 为何 怎么 如何 哪里 哪儿".split())
_MEASURE = re.compile("[率额量数值价费速积金资龄]$|^全[长高宽]$")
_ORGANISATION = re.compile(rf".{{2,}}(?:{SUFFIX})")
_PLACE = re.compile("[区园城市省县州镇乡村港湾国]$")
_CLASSES = tuple(
    re.compile(f"(?:{w})$") for w in ("公司|集团|银行", "大学|学院", "研究院|研究所|实验室")
)
_CHAT = re.compile(
    r"^\s*(?:[你您]|请问你|谢谢|多谢|感谢|再见|拜拜|早上好|晚上好|早安|晚安|嗨|哈喽|hi\b|hello\b|thanks?\b|ok\b"
    r"|好的|嗯|换个话题|[今明后昨]天)|^[\s\W]*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^\s*(?:那么?|还有|至于)?[，,\s]*(.{1,40}?)\s*(?:呢|又?怎么样|又?如何)?\s*[？?]*\s*$"
)
_MORE = re.compile(r"^\s*(?:那么?)?还有(?:呢|吗|别的|其他|其它|哪些|什么|没有)*\s*[？?]*\s*$")
_PRONOUN = re.compile(r"(?<![其吉维])[它他她](?!人|乡|国)(?:们|家(?!里))?(的?)")
_POINTING = re.compile(
    rf"(?:(?:这|那|该|上述|前述)(?:一?[{_CLASSIFIER}些])|(?<!应)该|这(?![里儿边是也样么])|上述|前述)"
)
_THERE = re.compile(r"[这那](?:里|儿|边)|当地")
_ITS = re.compile(r"(?<![极尤与])其(?![中他它实余次间])")
_LEADING = re.compile(r"^\s*(?:那么?|另外|还有)[，,\s]*(?=.{2})")


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
    topic: what a pronoun points at. predicate: the rest behind the subject.
    """

    text: str
    parts: tuple[Part, ...]
    subject: str
    topic: str
    predicate: str


class FollowUps:
    """Reads follow-ups. Safe to share between threads where `tag` is."""

    def __init__(self, tag: Tag, terms: Collection[str] = ()) -> None:
        self._tag = tag
        self._terms = frozenset(map(normalise, terms))

    @classmethod
    def open(cls, segmenter: Segmenter) -> FollowUps:
        """With jieba's tagger over the segmenter's dictionary: 1 s and 100 MB, once."""
        import jieba.posseg

        # The segmenter's own cut keeps the corpus's terms whole; a second one would copy it.
        tagger = jieba.posseg.POSTokenizer(segmenter._jieba)
        return cls(lambda text: [(w.word, w.flag) for w in tagger.lcut(text)], segmenter.terms)

    def standalone(self, question: str, history: Sequence[str]) -> str:
        """The question with what it takes from earlier ones (oldest first) filled in.

        Unchanged where it needs nothing, where no earlier question is of use, and where the
        outcome would be longer than `LONGEST`.
        """
        before = ""
        for earlier in history[-MEMORY:]:
            if not _CHAT.search(earlier):
                before = self._resolve(earlier.strip(), before)
        return self._resolve(question, before)

    def _resolve(self, question: str, before: str) -> str:
        if not before or len(before) > LONGEST or _CHAT.search(question):
            return question
        then = self._read(before)
        found = (
            _more(question, then)
            or self._about(question, then)
            or self._pointing(question, then)
            or self._lacking(question, then)
        )
        return found if found and len(found) <= LONGEST else question

    def _about(self, question: str, then: Reading) -> str:
        """那…呢？: the new entity in the place of the one like it."""
        body = _ABOUT.match(question)
        if not body or not re.search(r"^\s*(?:那|至于)|呢\W*$", question):
            return ""
        new = self._read(body[1])
        if new.predicate or not new.subject or _POINTING.match(new.text) or _ITS.match(new.text):
            return ""
        if any(p.kind == "的" for p in new.parts) and new.parts[0].kind == "name":
            return f"{new.text}呢？"
        span = _like(new, then)
        if span:
            return then.text[: span[0]] + new.text + then.text[span[1] :]
        if then.topic and all(p.kind == "time" for p in new.parts):
            head, topic, rest = then.text.partition(then.topic)
            return f"{head}{topic}{new.text}{rest}"
        if not any(p.kind == "name" for p in new.parts):
            return f"{_possessive(then.topic, new.text)}呢？" if then.topic else ""
        if then.topic and then.topic in then.text:
            return then.text.replace(then.topic, new.text, 1)
        return f"{new.text}{then.predicate or then.text}"

    def _pointing(self, question: str, then: Reading) -> str:
        """它、该公司、这个平台、其: what they point at in their place."""
        question = _LEADING.sub("", question) if _PRONOUN.search(question) else question
        found = next(
            filter(None, (p.search(question) for p in (_PRONOUN, _THERE, _ITS, _POINTING))), None
        )
        if not found or not then.topic:
            return ""
        head, tail = question[: found.start()], question[found.end() :]
        own = [p.kind for p in self._read(head).parts]
        if "name" in own or "time" in own or own.count("noun") > 1:
            return ""  # It points at a word of its own question.
        if found.re is _POINTING:
            return self._pointed(head, found[0], tail, then)
        if found.re is _ITS:
            return head + _possessive(then.topic, tail)
        person = found[0][0] in "他她" and next((p.text for p in then.parts if p.flag == "nr"), "")
        return f"{head}{person or then.topic}{found[1] if found.re is _PRONOUN else ''}{tail}"

    def _pointed(self, head: str, word: str, tail: str, then: Reading) -> str:
        """该公司: its noun stays, so that the reader sees what was taken for what."""
        run = _run(self._read(tail).parts)
        if not run:
            return "" if tail.strip(" ？?") else then.text
        noun = run[-1].text
        if then.topic.endswith(noun):
            return f"{head}{then.topic}{tail[run[-1].end :]}"
        for part in then.parts:
            phrase = _run(then.parts[then.parts.index(part) :])
            if phrase and phrase[-1].text.endswith(noun) and part.kind != "time":
                text = then.text[phrase[0].start : phrase[-1].end]
                named = part.kind == "name" or then.topic in text
                whole = text if named else _possessive(then.topic, text)
                return f"{head}{whole}{tail[run[-1].end :]}"
        word = word.replace("该", "这") if len(word) > 1 else "这一"
        return f"{head}{then.topic}{word}{tail}"

    def _lacking(self, question: str, then: Reading) -> str:
        """谁负责？ 占全省多少？: the subject that is missing, put before it."""
        body = _LEADING.sub("", question)
        now = self._read(body)
        nouns = sum(p.kind in ("noun", "name") for p in now.parts)
        content = nouns + sum(p.flag == "v" and p.text not in _COPULA for p in now.parts)
        rest = [p for p in now.parts if p.kind not in ("time", "mark")]
        owns = bool(rest) and rest[0].kind in ("noun", "name", "number")
        kinds = [p.kind for p in _run(rest)]
        paired = "的" in kinds[1:] and owns  # 甲的乙 says of itself whose 乙 is meant.
        dated = any(re.search("年.*月|日", p.text) for p in now.parts if p.kind == "time")
        named = any(p.kind == "name" for p in now.parts)
        if named or paired or dated or (content if owns else nouns) >= _OWN:
            return ""
        whole = re.match("占|其中|[超不]|第几|几|多少(?!钱)", body)
        subject = then.subject if whole and then.subject else then.topic
        if re.fullmatch(r"(?:这是)?(?:为什么|为何|怎么|什么时候|何时|在?哪[里儿])[\s？?]*", body):
            return _bare(body.strip(" ？?").removeprefix("这是"), then)
        if not subject or subject in question:
            return ""
        owned = owns and now.parts[0].kind == "noun"
        return _possessive(subject, body) if owned else f"{subject}{body}"

    def _read(self, text: str) -> Reading:
        parts = tuple(self._parts(text))
        ask = next((i for i, p in enumerate(parts) if p.kind == "ask"), 0)
        comma = max((i for i in range(ask) if parts[i].text in "，,：:；;"), default=-1)
        whole, parts = parts, parts[comma + 1 :]  # The clause that asks has the subject.
        end = _subject_end(parts)
        subject = text[parts[0].start : parts[end - 1].end].strip() if end else ""
        predicate = text[parts[end].start :] if end < len(parts) else ""
        predicate = predicate if re.search(r"\w", predicate) else ""
        return Reading(text, whole, subject, _topic(text, parts, end), predicate)

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
    if ask > 1 and parts[ask - 1].text in _COPULA and parts[ask - 2].kind in (*_NOMINAL, "的"):
        return ask - 1
    end = len(_run(parts))
    while end < ask and parts[end].flag != "p":
        # A relative clause (…拿到的算法) is part of the subject where a predicate follows it.
        de = next((i for i in range(end, ask) if parts[i].kind == "的"), ask)
        longer = de + 1 + len(_run(parts[de + 1 :]))
        if longer <= de + 1 or all(p.kind == "mark" for p in parts[longer:]):
            break
        end = longer
    return end


def _run(parts: Sequence[Part]) -> Sequence[Part]:
    """The nouns that the parts begin with, joined by 的 or 和, with what counts them."""
    end = 0
    for i, part in enumerate(parts):
        if part.kind in _NOMINAL:
            end = i + 1
        elif not (part.kind in ("number", "的", "and") or part.text in ("那", "这")):
            break
    return parts[:end]


def _topic(text: str, parts: Sequence[Part], end: int) -> str:
    """What 它 points at: the subject's name or owner, or what the question asks for."""
    if not end:
        return _asked(text, parts)
    head = [p for p in _run(parts) if p.start < parts[end - 1].end]
    while len(head) > 1 and head[0].kind in ("time", "的"):
        head = head[1:]
    if head and (_is_whole(head[0]) or (head[0].flag == "nr" and _apart(head))):
        return head[0].text
    if not head or head[-1].end < parts[end - 1].end:
        return text[parts[0].start : parts[end - 1].end]
    head = head[: next((i for i, p in enumerate(head) if p.kind == "的" and i), len(head))]
    while len(head) > 1 and (head[-1].flag == "vn" or _MEASURE.search(head[-1].text)):
        head = head[:-1]
    return text[head[0].start : head[-1].end]


def _asked(text: str, parts: Sequence[Part]) -> str:
    """哪家公司研发了…？: the company that did; the last name for any other question."""
    named = [p.text for p in parts if p.kind == "name"]
    run = _run(parts[1:])
    if run and parts[0].text.startswith("哪") and len(run) + 1 < len(parts):
        did = re.sub(r"[\s？?。吗]+$", "", text[run[-1].end :])
        return f"{did}的{text[run[0].start : run[-1].end]}"
    return named[-1] if named else ""


def _apart(head: Sequence[Part]) -> bool:
    """Whether no noun follows the first part at once."""
    return len(head) == 1 or head[1].kind not in ("noun", "name")


def _is_whole(part: Part) -> bool:
    """A name that needs no noun behind it, unlike the 青禾 of 青禾铁路."""
    return part.kind == "name" and part.flag in ("", "x")


def _like(new: Reading, then: Reading) -> tuple[int, int] | None:
    """The span of the earlier question that is of the new entity's kind."""
    last, whole = new.parts[-1], new.text.strip()
    olds = [p for p in then.parts if p.text != whole and p.kind in _NOMINAL]
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
                (i for i, p in enumerate(before[::-1]) if p.kind not in _NOMINAL), len(before)
            )
            return before[-size].start, old.end
    named = [p for p in then.parts if p.kind == "name"]
    if len(named) == 1 and last.kind == "name":
        return named[0].start, named[0].end
    return None


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


def _possessive(owner: str, thing: str) -> str:
    return f"{owner}{thing}" if thing.startswith("的") else f"{owner}的{thing}"


def _more(question: str, then: Reading) -> str:
    """还有呢？: the earlier question with 还 before what it asks."""
    if not _MORE.match(question):
        return ""
    if then.predicate.startswith("还"):
        return then.text
    if then.subject and then.predicate and re.search("哪些|什么|谁|哪", then.predicate):
        return f"{then.subject}还{then.predicate}"
    return f"{then.topic}还有哪些？" if then.topic else ""


def _bare(ask: str, then: Reading) -> str:
    """为什么？: asked of what the earlier question asked about."""
    did = re.sub(r"(?:吗|没有)?[\s？?。]*$", "", then.predicate)
    did = did if ask.startswith("为") else did.removesuffix("了")
    first = next((p for p in then.parts if p.kind == "ask"), None)
    if first and did.startswith(first.text):
        did = did.removeprefix(first.text)
    elif first:
        return f"{then.topic}{ask}？" if then.topic else ""
    return f"{then.subject}{ask}{did}？" if then.subject else ""


def _is_verb(words: Sequence[Part], i: int) -> bool:
    """Whether a word that the tagger takes for a noun is used, or begins, as a verb."""
    word, after = words[i], next((w for w in words[i + 1 :] if w.text.strip("？?")), None)
    if after and after.text in ("了", "过", "着"):
        return bool(word.flag)
    asked = i > 0 and words[i - 1].kind == "ask" and words[i - 1].text in _WHEN
    can = len(word.text) == 2 and re.match("能(?![源力量耗级效])", word.text)
    return bool(can) or (asked and bool(word.flag) and after is None)
