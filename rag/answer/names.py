"""The proper names of an answer's sentence, and those that its quotations don't hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag.answer.figures import figures
from rag.index.tagger import open_tagger
from rag.index.words import BRACKETED, ORGANISATION, SUFFIX, _tokenizer, normalise

Tagger = Callable[[str], list[str]]
"""Finds persons and places, which no form gives away."""

_LATIN = re.compile(r"[a-z0-9]+(?:[-.&_][a-z0-9]+)*\+{0,2}", re.IGNORECASE)
_MARKS = re.compile(r"[\s“”‘’\"'《》〈〉「」『』]+")
_ENDING = re.compile(rf"(?:{SUFFIX})$")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁"
    "任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴"
    "莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍"
)
# Words before an organisation that its pattern takes along.
_LEAD = re.compile(
    "^(?:目前|近日|日前|此前|随后|今年|去年|同时|此外|其中|当天|当日|如今|记者|据悉|作为|已有|共有|通过|来自|位于"
    "|根据|按照|走进|落户|入驻|负责人|成立|加入|联合|支持|推动|成为|例如|比如)+"
    "(?=.{2})"
)
# Common nouns that jieba's dictionary holds for places.
_NO_PLACES = frozenset(
    "城市 海洋 大桥 青春 两国 三国 滑坡 河水 长达 新区 东坡 美丽 望江 三中".split()
)
_COMMON = 100
"""A surname's word more frequent than this in jieba's dictionary is a word (许可, 周密)."""


def names(text: str, tagger: Tagger | None = None) -> list[str]:
    """Proper names in their order, each once.

    They are: what stands in 《》 or in short “”, Latin words and product codes of two and more
    characters, organisations by their last word, and what `tagger` finds.
    """
    found = [a or b for a, b in BRACKETED.findall(text)]
    found += _latin(text)
    found += [_LEAD.sub("", name) for name in ORGANISATION.findall(text)]
    found += tagger(text) if tagger else []
    return sorted(dict.fromkeys(found), key=text.find)


def unsupported_names(
    sentence: str, quotes: Sequence[str], question: str = "", tagger: Tagger | None = None
) -> list[str]:
    """The names of an answer's sentence that stand neither in its quotes nor in the question.

    Pass headlines among the quotes. A shorter form of a quoted name stands there too: a part
    of it, or the characters of 北科大 in 北京科技大学. A longer form does not.
    """
    sources = [*quotes, question]
    whole = [_bare(source) for source in sources]
    quoted = [_bare(name) for source in sources for name in names(source)]
    latin = "\n".join(normalise(source) for source in sources)
    return [
        name
        for name in names(sentence, tagger)
        if not (
            _stands_as_code(name, latin) if _LATIN.fullmatch(name) else _stands(name, whole, quoted)
        )
    ]


def pos_tagger(cache_dir: Path) -> Tagger:
    """Persons and places by jieba's tagger, 1 ms a sentence.

    It takes some common words for names; those do no harm where the quotation has them too.
    """
    dictionary = _tokenizer(cache_dir)
    tag = open_tagger(dictionary)
    return lambda text: [word for word, flag in tag(text) if _is_name(word, flag, dictionary.FREQ)]


def _latin(text: str) -> list[str]:
    """Latin words and codes; 100km and 2.49GB are figures."""
    for figure in reversed(figures(text)):
        text = f"{text[: figure.start]} {text[figure.end :]}"
    words = (match[0] for match in _LATIN.finditer(unicodedata.normalize("NFKC", text)))
    return [w for w in words if len(w) > 1 and re.search("[A-Za-z]", w)]


def _is_name(word: str, flag: str, frequency: Any) -> bool:  # noqa: ANN401 (jieba has no types)
    if flag == "ns":
        return len(word) > 1 and word not in _NO_PLACES
    if flag == "nrt":
        return len(word) > 2
    is_person = flag in ("nr", "nrfg") and word[0] in _SURNAMES and 2 <= len(word) <= 3
    return is_person and frequency.get(word, 0) < _COMMON


def _stands(name: str, whole: Sequence[str], quoted: Sequence[str]) -> bool:
    name = _bare(name)
    if any(name in text for text in whole):
        return True
    if _ENDING.search(name):
        # Other words may have been taken for its beginning. The rest has to be a whole name:
        # 交通大学 is no proof of another city's 交通大学.
        return any(name.endswith(full) and _ENDING.search(full) for full in quoted)
    return any(_shortens(name, full) for full in quoted)


def _shortens(name: str, full: str) -> bool:
    """Whether all characters of `name` stand in `full` in order."""
    if len(name) < 2 or (len(name) == 2 and len(full) > 4) or len(full) > 20:
        return False
    rest = iter(full)
    return all(character in rest for character in name)


def _stands_as_code(name: str, text: str) -> bool:
    """Whether a code stands there as a whole, whatever joins its parts: AB-2 and AB 2."""
    name = normalise(name)
    parts = re.findall(r"[a-z]+|[0-9]+|\++", name)
    before = "(?<![a-z])" if name[0].isalpha() else "(?<![0-9])"
    after = "(?![a-z])" if name[-1].isalpha() else "(?![0-9])"
    return bool(re.search(before + r"[-\s._&]?".join(map(re.escape, parts)) + after, text))


def _bare(text: str) -> str:
    return _MARKS.sub("", normalise(text))
