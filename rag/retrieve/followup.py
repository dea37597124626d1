"""A follow-up (那…呢？ 它什么时候发布的？ 谁负责？) to a question that stands alone.

It works by form alone: a question is cut into parts (names, nouns, times, words of asking),
and what the new question lacks is taken from the question before it. A question that lacks
nothing is a new topic and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag.index.tagger import open_tagger
from rag.index.words import Segmenter
from rag.retrieve.phrases import CLASSIFIER, COPULA, Phrases, Reading, Tag, nominals
from rag.retrieve.siblings import like, sibling

LONGEST = 200
"""Characters of a resolved question; one that would be longer stays as it was asked."""
MEMORY = 8
"""Earlier questions that are looked at."""
_OWN = 3
"""Nouns and verbs from which on a question with a subject of its own is a new topic."""

_ONE = re.compile(r"(?:《[^《》]*》|“[^“”]*”|[^？?])+[？?]*\s*|[？?]+")
_CHAT = re.compile(
    r"^\s*(?:[你您]|请问你|谢谢|多谢|感谢|再见|拜拜|早上好|晚上好|早安|晚安|嗨|哈喽|hi\b|hello\b|thanks?\b|ok\b"
    r"|好的|嗯|换个话题|[今明后昨]天)|^[\s\W]*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^\s*(?:那么?|还有|至于)?[，,\s]*(.{1,40}?)\s*(?:呢|又?怎么样|又?如何)?\s*[？?]*\s*$"
)
_MORE = re.compile(r"^\s*(?:那么?)?还有(?:呢|吗|别的|其他|其它|哪些|什么|没有)*\s*[？?]*\s*$")
_PRONOUN = re.compile(r"(?<![其吉维])[它他她](?!人|乡|国)(们|家(?!里))?(的?)")
_POINTING = re.compile(
    rf"(?:(?:这|那|该|上述|前述)(?:一?[{CLASSIFIER}些])|(?<!应)该|这(?![里儿边是也样么])|上述|前述)"
)
_THERE = re.compile(r"[这那](?:里|儿|边)|当地")
_ITS = re.compile(r"(?<![极尤与])其(?![中他它实余次间])")
_LEADING = re.compile(r"^\s*(?:那么?|另外|还有)[，,\s]*(?=.{2})")


class FollowUps:
    """Reads follow-ups. Safe to share between threads where `tag` is."""

    def __init__(self, tag: Tag, terms: Collection[str] = ()) -> None:
        self._phrases = Phrases(tag, terms)

    @classmethod
    def open(cls, segmenter: Segmenter) -> FollowUps:
        """With jieba's tagger over the segmenter's dictionary."""
        # The segmenter's own cut keeps the corpus's terms whole; a second one would copy it.
        return cls(open_tagger(segmenter._jieba), segmenter.terms)

    def standalone(self, question: str, history: Sequence[str]) -> str:
        """The question with what it takes from earlier ones (oldest first) filled in.

        Unchanged where it needs nothing, where no earlier question is of use, and where the
        outcome would be longer than `LONGEST`.
        """
        before = ""
        for earlier in history[-MEMORY:]:
            if not _CHAT.search(earlier):
                before = self._each(earlier.strip(), before)[-1]
        whole = "".join(self._each(question, before))
        return whole if len(whole) <= LONGEST else question

    def _each(self, question: str, before: str) -> list[str]:
        """The questions of one turn resolved, each with the one before it; the last one asks.

        What asks nothing (请注明出处) goes with the question before it as it is.
        """
        found: list[str] = []
        for piece in _ONE.findall(question):
            if found and not self._phrases.asks(piece):
                found[-1] += piece
                continue
            resolved = self._resolve(piece, before)
            found.append(resolved)
            before = before if _CHAT.search(piece) else resolved
        return found or [question]

    def _resolve(self, question: str, before: str) -> str:
        if not before or len(before) > LONGEST or _CHAT.search(question):
            return question
        then = self._phrases.read(before)
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
        new = self._phrases.read(body[1])
        if new.predicate or not new.subject or _POINTING.match(new.text) or _ITS.match(new.text):
            return ""
        if any(p.kind == "的" for p in new.parts) and new.parts[0].kind == "name":
            return f"{new.text}呢？"
        span = like(new, then) or sibling(new, then)
        if span:
            return then.text[: span[0]] + new.text + then.text[span[1] :]
        if then.topic and all(p.kind == "time" for p in new.parts):
            head, topic, rest = then.text.partition(then.topic)
            return f"{head}{topic}{new.text}{rest}"
        if new.text in then.subject:
            return ""
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
        if not found or not (then.asked or then.topic):
            return ""
        head, tail = question[: found.start()], question[found.end() :]
        own = [p.kind for p in self._phrases.read(head).parts]
        if "name" in own or "time" in own or own.count("noun") > 1:
            return ""  # It points at a word of its own question.
        if found.re is _POINTING:
            return self._pointed(head, found[0], tail, then)
        if found.re is _ITS:
            return head + _possessive(then.asked or then.topic, tail)
        if found.re is _THERE:
            return f"{head}{then.topic}{tail}"
        meant = (_counted(then) if found[1] == "们" else "") or then.asked or then.topic
        if found[0][0] in "他她":
            meant = next((p.text for p in then.parts if p.flag == "nr"), meant)
        return f"{head}{meant}{found[2]}{tail}"

    def _pointed(self, head: str, word: str, tail: str, then: Reading) -> str:
        """该公司: its noun stays, so that the reader sees what was taken for what."""
        run = nominals(self._phrases.read(tail).parts)
        if not run:
            return "" if tail.strip(" ？?") else then.text
        noun = run[-1].text
        for known in filter(None, (then.asked, then.topic)):
            if known.endswith(noun):
                return f"{head}{known}{tail[run[-1].end :]}"
        for part in then.parts:
            phrase = nominals(then.parts[then.parts.index(part) :])
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
        now = self._phrases.read(body)
        nouns = sum(p.kind in ("noun", "name") for p in now.parts)
        content = nouns + sum(p.flag == "v" and p.text not in COPULA for p in now.parts)
        rest = [p for p in now.parts if p.kind not in ("time", "mark")]
        owns = bool(rest) and rest[0].kind in ("noun", "name", "number")
        kinds = [p.kind for p in nominals(rest)]
        paired = "的" in kinds[1:] and owns  # 甲的乙 says of itself whose 乙 is meant.
        dated = any(re.search("年.*月|日", p.text) for p in now.parts if p.kind == "time")
        named = any(p.kind == "name" for p in now.parts)
        if re.match("什么是|何谓|何为", body):
            return ""
        if named or paired or dated or (content if owns else nouns) >= _OWN:
            return ""
        whole = re.match("占|其中|[超不]|第几|几|多少(?!钱)", body)
        subject = then.asked or (then.subject if whole and then.subject else then.topic)
        if re.match("占|其中", body) or re.search("多少|几", subject):
            subject = _counted(then) or subject
        if re.fullmatch(r"(?:这是)?(?:为什么|为何|怎么|什么时候|何时|在?哪[里儿])[\s？?]*", body):
            return _bare(body.strip(" ？?").removeprefix("这是"), then)
        if not subject or subject in question:
            return ""
        if body.rstrip(" ？?").endswith("呢") and now.subject and now.subject in then.subject:
            return ""  # What is spoken of already is no thing of its own.
        for known in filter(None, (then.asked, then.topic)):
            if owns and rest[0].kind == "noun" and known.endswith(rest[0].text):
                return f"{known}{body[rest[0].end :]}"
        owned = owns and now.parts[0].kind == "noun"
        return _possessive(subject, body) if owned else f"{subject}{body}"


def _possessive(owner: str, thing: str) -> str:
    return f"{owner}{thing}" if thing.startswith("的") else f"{owner}的{thing}"


def _counted(then: Reading) -> str:
    """What an earlier question asked the number of: 园区有多少家企业入驻？ 园区入驻的企业."""
    asks = [p for p in then.parts if p.kind == "ask"]
    if len(asks) != 1 or not re.match("多少|几|哪些", asks[0].text):
        return ""
    behind = then.parts[then.parts.index(asks[0]) + 1 :]
    things = [p for p in nominals(behind) if p.kind != "number" and p.text != "钱"]
    if not things:
        return ""
    before = re.sub(r"(?:有|了)\s*$", "", then.text[: asks[0].start])
    did = re.sub(r"[了吗\W]+$", "", then.text[things[-1].end :])
    thing = then.text[things[0].start : things[-1].end]
    return _possessive(before + did, thing) if before + did else thing


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
        subject = then.asked or then.topic
        return f"{subject}{ask}？" if subject else ""
    return f"{then.subject}{ask}{did}？" if then.subject else ""
