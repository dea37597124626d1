"""Cases proposed from an issue's own figures, days and names, for a person to check.

A clause is a question once what it tells is taken out: 甲园区2019年动工 becomes
甲园区哪一年动工？ Few clauses will do: one must name what it speaks of and tell one thing, for
a question has to be understood by someone who has not read the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rag.answer.examples import figure_question
from rag.answer.figures import Day, Figure, figures
from rag.answer.names import Tagger, names
from rag.evaluate.record import Case
from rag.evaluate.text_metrics import holds
from rag.ingest.chunk import sentences
from rag.types import Article, Issue

MOST = 8
"""Questions on one article."""

_HEADS = (
    "高新技术产业开发区|工业园区|科技园|产业园|科学城|高新区|开发区|新区|园区|实验室|研究院|联合体"
    "|计算中心|中心|大桥|铁路|高铁|基地|平台|工厂|隧道"
)
_CLAUSE = re.compile(r"[^，。；：！？…\n]+")
_HEAD = re.compile(rf"(?:{_HEADS})(?![区园])")
_PLACED = re.compile(
    rf"(?:图为|建成|建设|打造|成立|启动)?([^\W\d_的了和与在由是从到]{{2,18}}?(?:{_HEADS})(?!.?(?:{_HEADS})))"
)
_NATION = re.compile("^(?:全国|中国|我国|国内(?!外)|全球)")
_UNCLEAR = re.compile(
    "[该其这此它他她那]|上述|前者|后者|当(?:月|天|日|时|地)|本(?:月|报|次|届)|同类|[一上]次|我们|我|你|两项"
    "|^(?:图为|而|并|也|还|再|同比|比|较|又|把|让|使|从|在|到|为|以|对|按|据|由|与|和|有|是|被|给|新建"
    "|方案|项目|公司|企业|产品|平台|系统|设备|报告|自治区|全区|全省|全市|区内|后|前|会上)"
    "|(?:说|称|宣布|显示|介绍|表示)$"
)
_LEAD = re.compile("^(?:目前|截至目前|到目前|如今|近日|日前|近年来|同时|此外|其中|已|不过|但)+")
_TIME = re.compile(
    r"(?:截至|截止|到|至|自|从|在|早在)?(?:今年|去年|前年)?(?:上半年|下半年|全年|年初|年底)?"
    r"(?:\d{2,4}年|\d{1,2}月|\d{1,2}[至-]\d{1,2}月|\d{1,2}日|[上下]午|\d{1,2}时\d{0,2}分?"
    r"|上半年|下半年|[一二三四]季度|年?[底末初])*"
)
_TELLS = re.compile(
    "有|为|是|达|占|设|建|装|办|长|宽|高|超|比|引进|新增|增|减|降|提|升|出口|进口|产值|产量|销量"
    "|投|面积|时速|持股|聚|培育|营收|收入|总数|生产|卖|签|发放|对接|获|攒|写|搬|规模|来|添"
)
_INHERITS = re.compile(
    "总投资|投资|占地|建筑面积|总建筑面积|面积|拥有|设有|建有|已有|累计|引进|聚集|集聚|培育|吸引"
    "|首批|新增|出口|产值|营收|持股|员工|全长|总长|长|写出|举办|时速|总价|年产|注册资本|征集|签下"
)
_HAPPENS = re.compile(
    "成立|启动|开工|动工|竣工|投产|投用|投运|发布|公布|举行|召开|开幕|上线|启用|建成|落户|来到|获批|获准"
    "|开园|开钻|起飞|升空|开始|宣布|出坞|掘进|进入|写入|铺轨|通车|开通|试车|签约|推出|离开|入驻|迁入"
    "|揭牌|运营|亮相|见面|实施|施行|纳入|设立|组建|创办|创立|上市|定为"
)
_PARTIAL = re.compile("[的、和与及旗]|企业|项目|产品")
"""After a name: it is only a part of what the clause speaks of."""
_TITLE = (
    "(?:副|总|常务|执行|党组|首席|名誉){0,3}(?:主任|董事长|院士|负责人|局长|经理|会长|秘书长|院长|校长"
    "|书记|部长|司长|处长|市长|省长|区长|县长|镇长|厅长|所长|总裁|总监|总工程师|总设计师|首席科学家|理事长)"
)
_SAYS = "(?:说|介绍|表示|认为|回忆|透露|告诉|坦言|指出|强调|打比方|也谈|把)"
_BEFORE = re.compile(rf"(?P<post>[^\s，、]{{3,28}}?{_TITLE})(?P<person>[\u4e00-\u9fff·]{{2,10}})")
_AFTER = re.compile(rf"^(?P<person>[\u4e00-\u9fff·]{{2,4}})是(?P<post>[^，]{{3,24}}{_TITLE})$")
_BY = re.compile(
    "^(?P<what>.{2,24})由(?P<who>[^由]{2,24}?)(?P<does>(?:负责|投资|牵头|联合|承担)?"
    "(?:运营|建设|承建|研发|研制|开发|设计|制造|施工|建造|管理|主办|承办|编制|生产))"
)
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, the words that answer it as they are printed, and what kind it is."""

    question: str
    answer: str
    tag: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """An article with its names, longest first, and what finds more of them."""

    article: Article
    known: tuple[str, ...]
    tagger: Tagger | None


def drafts(issue: Issue, tagger: Tagger | None) -> list[Case]:
    """Proposed cases, at most `MOST` an article, in printed order, tagged `draft`.

    tagger: finds persons and places; without it fewer clauses are known to stand alone.
    """
    cases: list[Case] = []
    seen: set[str] = set()
    for article in issue.articles:
        fresh = ((a, q) for a, q in _asked(article, tagger) if _good(a) and _new(a, seen))
        for asked, quote in islice(fresh, MOST):
            cases.append(
                Case(
                    id=f"{issue.id}-{len(cases) + 1:02}",
                    question=asked.question,
                    any_of=(asked.answer,),
                    articles=(article.headline or article.id,),
                    quotes=(quote,),
                    tags=("draft", asked.tag),
                )
            )
    return cases


def _good(asked: _Asked) -> bool:
    return 8 <= len(asked.question) <= 40 and not holds(asked.question, asked.answer)


def _new(asked: _Asked, seen: set[str]) -> bool:
    """Whether nothing like it was asked; notes it."""
    key = re.sub(r"\W|多少|百分之|什么时候|哪一年|是|的", "", asked.question)
    if key in seen:
        return False
    seen.add(key)
    return True


def _asked(article: Article, tagger: Tagger | None) -> Iterator[tuple[_Asked, str]]:
    """Questions of one article, each with the sentence that answers it."""
    reading = _read(article, tagger)
    for sentence in sentences(article):
        time, subject = "", ""
        for match in _CLAUSE.finditer(sentence.text):
            clause = _LEAD.sub("", match.group().strip())
            if not clause:
                continue
            if _TIME.fullmatch(clause):
                time = clause
                continue
            whole = _whole(clause, reading)
            own = _subject(whole, reading)
            if not own and subject and _INHERITS.match(whole):
                whole, own = f"{subject}{whole}", subject
            for asked in _of_clause(whole, time, own, reading):
                question = _dated(asked.question, article)
                if question:
                    yield _Asked(question, asked.answer, asked.tag), sentence.text
            subject = "" if _PARTIAL.match(whole, len(own)) else own


def _read(article: Article, tagger: Tagger | None) -> _Reading:
    texts = [article.headline, *(sentence.text for sentence in sentences(article))]
    found = {n for text in texts for n in (*names(text, tagger), *_PLACED.findall(text))}
    known = sorted((n for n in found if len(n) > 1), key=lambda n: (-len(n), n))
    return _Reading(article, tuple(known), tagger)


def _whole(clause: str, reading: _Reading) -> str:
    """The clause with 园区 and the like at its beginning written out, if only one is meant."""
    head = _HEAD.match(clause)
    if not head:
        return clause
    ending = [n for n in reading.known if n.endswith(head[0]) and n != head[0]]
    ending = [n for n in ending if n in reading.article.headline] or ending
    shortest = [n for n in ending if not any(n != m and n.endswith(m) for m in ending)]
    return shortest[0] + clause[head.end() :] if len(shortest) == 1 else clause


def _subject(clause: str, reading: _Reading) -> str:
    """The name that a clause begins with, or what else the article names there more than once.

    Empty where there is neither.
    """
    if _HEAD.match(clause):  # nobody knows which 园区
        return ""
    text, headline = reading.article.text, reading.article.headline
    starts = [clause[:n] for n in range(12, 2, -1) if not figures(clause[:n])]
    named = [n for n in reading.known if clause.startswith(n)] + _NATION.findall(clause)
    named += [start for start in starts if start in headline][:1]
    again = [start for start in starts if len(start) > 5 and text.count(start) > 1]
    return max(named or again, key=len, default="")


def _of_clause(clause: str, time: str, subject: str, reading: _Reading) -> Iterator[_Asked]:
    """The questions that one clause answers. time: a clause before it that tells a time."""
    yield from _who(clause, reading)
    rest = clause[len(subject) :].removeprefix("也")
    clause = re.sub("(?<=报告)说$", "", f"{subject}{rest}")
    if not subject or _UNCLEAR.search(clause) or clause.count("“") != clause.count("”"):
        return
    found = figures(clause)
    told = [f for f in found if f.kind in ("number", "percent")]
    days = [f for f in found if f.kind == "date"]
    if not told and _HAPPENS.search(clause):
        yield from _when(clause, time, days)
    if len(told) != 1 or told[0].start < len(subject):
        return
    before = clause[len(subject) : told[0].start]
    question, answer = figure_question(clause, told[0])
    exact = not re.match("[百千万亿]", answer)  # 超千亿元 tells no figure
    if question and exact and _TELLS.search(before) and before.count("“") == before.count("”"):
        lead = f"{time}，" if time and not days else ""
        yield _Asked(lead + question, answer, "figure")


def _when(clause: str, time: str, days: list[Figure]) -> Iterator[_Asked]:
    """When something happened, told in the clause or in a clause of its own before it."""
    if len(days) == 1 and not time and days[0].start > 1:
        day, after = days[0], re.sub(r"^年?[底末初]|^[上中下]旬", "", clause[days[0].end :])
        before = re.sub("(?:早在|[在于])$", "", clause[: day.start])
        if after and not re.search("[从自到至]$|以", before[-1:] + after[:1]):
            yield _Asked(f"{before}{_asks(day)}{after}？", day.text, "when")
    told = figures(time)
    if not days and [f.kind for f in told] == ["date"] and not re.match("[从自到至截]", time):
        yield _Asked(f"{clause}是{_asks(told[0])}？", told[0].text, "when")


def _asks(day: Figure) -> str:
    whole_year = isinstance(day.value, Day) and day.value[1:] == (None, None, "")
    return "哪一年" if whole_year else "什么时候"


def _who(clause: str, reading: _Reading) -> Iterator[_Asked]:
    """Who holds a post, and who runs or builds something."""
    if by := _BY.match(clause):
        what, who = by["what"], by["who"]
        named = len(what) > 3 or _subject(what, reading)
        if who in reading.known and named and not _UNCLEAR.search(what):
            yield _Asked(f"{what}由谁{by['does']}？", who, "who")
        return
    persons = reading.tagger(clause) if reading.tagger else []
    for match in (*_BEFORE.finditer(clause), *_AFTER.finditer(clause)):
        said = re.match(rf"[\u4e00-\u9fff]{{2,3}}?(?={_SAYS})", match["person"])
        tagged = next((p for p in persons if match["person"].startswith(p)), "")
        person = tagged or (said[0] if said else "")
        post = _whole(match["post"], reading)
        if person and _subject(post, reading) and not _UNCLEAR.search(post):
            yield _Asked(f"{post}是谁？", person, "who")


def _dated(question: str, article: Article) -> str:
    """The question with its year written out, for it may be asked in any; empty if unknown."""
    relative = re.search("|".join(_YEARS), question)
    bare = re.search(r"(?<![年\d])(?:\d{1,2}(?:至\d{1,2})?月|[上下]半年|[一二三四]季度)", question)
    if not relative and (not bare or "年" in question[: bare.start()]):
        return question
    if article.date is None:
        return "" if relative else question
    for word, offset in _YEARS.items():
        question = question.replace(word, f"{article.date.year + offset}年")
    if relative or bare is None:
        return question
    return f"{question[: bare.start()]}{article.date.year}年{question[bare.start() :]}"
