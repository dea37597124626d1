"""The forms by which a newspaper page's furniture is known: bylines, leads, captions, labels.

Everything here works on one line at a time and by form alone. The word lists are terms of the
trade (记者, 供图, 延伸阅读), never the words of a particular page.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

TERMINAL = "。！？!?…"
CLOSING = "”’」』》〉】)）]］\"'"
# Chinese characters with the rare ones that names use (extension A and beyond).
_HAN = r"\u3400-\u9fff\U00020000-\U0003ffff"
_MARKS = "◎●○■□◆◇▲△▼★☆※▶►◤⊙"

_ROLE = (
    rf"(?:见习|实习|特派|特约|首席|高级|资深|驻[{_HAN}]{{1,6}}?)?"
    r"(?:全媒体)?(?:记者|通讯员|评论员|撰稿人|撰稿|作者|实习生)"
)
_OUTLET = rf"(?:[{_HAN}]{{0,8}}?(?:本报|本刊|本网|本台|报|刊|社|网|台))?"
_NAME = rf"[{_HAN}]{{1,4}}(?:·[{_HAN}]{{1,6}})*|[A-Z][A-Za-z.\- ]{{1,20}}"
_NAMES = rf"(?:{_NAME})(?:[\s、，,/和]+(?:{_NAME}))*"
# Without a space after the title only a short name is believed: 记者张三, not 记者走访园区.
_CREDITED = (
    rf"{_OUTLET}{_ROLE}(?:\s*[:：\s]\s*{_NAMES}"
    rf"|(?:[{_HAN}]{{2,3}}(?![{_HAN}])(?:[\s、，,]+{_NAMES})*))"
)
_CREDIT_WORDS = r"(?:文|图|文图|图文|文字|摄影|供稿|来源)"

_BYLINE = re.compile(
    rf"^(?:[{_MARKS}]\s*)?[(（]?(?:{_CREDIT_WORDS}\s*[/／|:：]?\s*)?{_CREDITED}"
    rf"(?:[\s、，,;；/／]+(?:{_CREDIT_WORDS}\s*[/／|:：]\s*)?(?:{_CREDITED}|{_NAMES}))*[)）]?$"
)
_MARKED_NAMES = re.compile(rf"^[{_MARKS}]\s*{_NAMES}$")

_LEAD = re.compile(
    rf"^(?:【?(?P<outlet>[{_HAN}]{{1,8}}?(?:报|社|网|台|刊)|本报|本刊|本网|本台)】?)"
    rf"[{_HAN}]{{0,8}}?\s*(?:\d{{1,2}}\s*月\s*\d{{1,2}}\s*日)?\s*(?:专)?(?:讯|电)】?"
    r"(?P<credit>\s*[(（][^()（）]{2,40}[)）]"
    rf"|\s*(?:记者|通讯员)\s*[{_HAN}、 ]{{2,20}}?(?=报道|[:：]))?"
)
_CLOSING_CREDIT = re.compile(rf"[(（]\s*({_CREDITED}(?:[\s、，,;；]+{_CREDITED})*)\s*[)）]\s*$")

_CAPTION_START = re.compile(
    r"^[(（]?(?:图为|图中为|图片为|图片说明|资料图|题图|[上下左右]图\s*(?:为|[:：]|中)|[上下左右]图为"
    r"|图\s*[①-⑩0-9０-９一二三四五六七八九]+\s*(?:为|[:：、]|\s)|[↑↓←→])"
)
_CREDIT_END = re.compile(
    r"(?:供图|摄影|(?<!拍)摄|制图|绘图|绘|图片来源[:：]?.{0,12}|(?:图片|照片)由.{1,16}提供|资料图片|资料照片)[)）。]?$"
)
_CREDIT_ONLY = re.compile(
    rf"^[(（]?(?:(?:[{_HAN}]{{0,8}}(?:社|报|网|台|刊))?(?:见习|实习|特约)?(?:记者|通讯员)?\s*"
    rf"[{_HAN}·、\s]{{2,24}}?(?:供图|摄影|摄|制图|绘图|绘)"
    rf"|(?:图|摄影)\s*[/／|:：]\s*[{_HAN}·、\s]{{2,16}}|图片来源[:：].{{1,20}}"
    r"|(?:图片|照片)由.{1,16}提供|资料图片|资料照片)[)）。]?$"
)

_FURNITURE = re.compile(
    r"^(?:\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日(?:\s*[(（]?(?:星期|周)[一二三四五六日天][)）]?)?"
    r"(?:\s*农历\S{2,12})?(?:\s*第?\s*[A-Z]?\d{1,3}\s*版)?"
    r"|(?:星期|周)[一二三四五六日天].{0,12}"
    r"|第?\s*[A-Z]?\d{1,3}\s*版(?:\s*\S{1,12})?"
    r"|(?:责任编辑|本版责编|本版编辑|本版主编|责编|编辑|主编|美编|版式|版面设计|校对|审校)\s*[:：/／\s].{1,60}"
    r"|(?:电话|热线|新闻热线|邮箱|投稿邮箱|电子邮箱|电子信箱|地址|社址|网址|邮编|官网)\s*[:：].{1,60}"
    r"|[-*_=—·~]{3,}|!\[[^\]]*\]\([^)]*\))$"
)
_PAGE_NUMBER = re.compile(r"第?\s*([A-Z]?\d{1,3})\s*版")

SIDEBAR_LABELS = frozenset(
    {
        "延伸阅读",
        "相关链接",
        "新闻链接",
        "链接",
        "相关阅读",
        "背景",
        "新闻背景",
        "背景链接",
        "背景资料",
        "名词解释",
        "知识链接",
        "知识窗",
        "小贴士",
        "小资料",
        "资料链接",
        "数据链接",
        "记者手记",
        "采访手记",
        "编后",
        "编后语",
        "编者按",
        "短评",
        "记者观察",
        "专家点评",
        "专家观点",
        "大事记",
        "相关新闻",
        "新闻助读",
    }
)
_COLUMN_CHARS = 8
_HEADLINE_CHARS = 40


@dataclass(frozen=True, slots=True)
class Credits:
    """Who wrote it: names in printed order, without titles."""

    reporters: tuple[str, ...] = ()
    correspondents: tuple[str, ...] = ()


def normal(text: str) -> str:
    """Full-width to half-width, runs of spaces to one: for matching only, never for quoting."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def is_byline(line: str) -> bool:
    """Whether the line is nothing but who wrote the article."""
    flat = normal(line)
    if len(flat) > 60 or flat[-1:] in TERMINAL + "。：:" or is_caption(line):
        return False
    return bool(_BYLINE.match(flat) or _MARKED_NAMES.match(flat))


def is_lead(line: str) -> bool:
    """Whether a body begins in the agency form, such as 本报讯(记者甲)……."""
    return bool(_LEAD.match(normal(line)[:80]))


def is_caption(line: str) -> bool:
    """Whether the line stands under a picture: 图为……, or a photographer's credit alone."""
    flat = normal(line)
    return bool(_CAPTION_START.match(flat)) or is_credit(line)


def is_credit(line: str) -> bool:
    """Whether the line is a picture's credit and nothing else."""
    flat = normal(line)
    return len(flat) <= 40 and bool(_CREDIT_ONLY.match(flat))


def ends_with_credit(line: str) -> bool:
    """Whether the line ends in a picture's credit: ……供图, ……摄."""
    return bool(_CREDIT_END.search(normal(line)[-30:]))


def is_nameplate(line: str) -> bool:
    """Whether a line above a page's first heading is the paper's name or motto, not an article."""
    return len(line) <= _HEADLINE_CHARS and not ends_complete(line)


def is_furniture(line: str) -> bool:
    """Whether the line belongs to the page and no article: date line, editors, rules."""
    flat = normal(line)
    return len(flat) <= 80 and bool(_FURNITURE.match(flat))


def page_number(line: str) -> str:
    """The page that a furniture line names, or nothing."""
    found = _PAGE_NUMBER.search(normal(line))
    return found.group(1) if found else ""


def sidebar_label(heading: str) -> bool:
    """Whether a heading is the label of a sidebar, decorations aside."""
    return re.sub(r"[^\w]", "", normal(heading)) in SIDEBAR_LABELS


def is_deck(line: str) -> bool:
    """Whether the line is a deck (副题), which is set off by a dash."""
    return bool(re.match(r"^(?:——|—|－－|--)\s*[^\s—\-－]", line))


def looks_like_column(heading: str) -> bool:
    """Whether a heading reads as a label (short, no clause) rather than as a kicker."""
    flat = normal(heading)
    if re.match(r"^[【\[〖].{1,16}[】\]〗]$", flat):
        return True
    return len(flat) <= _COLUMN_CHARS and not re.search(r"[,，。！？!?:：；;]", flat)


_ENDING = 100
"""Characters that tell how a paragraph ends: it may be long, and is asked after each line."""


def ends_complete(text: str) -> bool:
    """Whether a paragraph ends where a sentence may end.

    Closing quotes and brackets count only after a terminal mark, so that a paragraph cut
    behind a quoted name is seen as cut. A note in brackets after a full sentence is complete.
    """
    stripped = text.rstrip()[-_ENDING:]
    bare = stripped.rstrip(CLOSING)
    if bare[-1:] and bare[-1] in TERMINAL + "：:；;":
        return True
    noted = re.sub(r"[(（][^()（）]{1,60}[)）]$", "", stripped).rstrip().rstrip(CLOSING)
    return noted != bare and noted[-1:] in TERMINAL and bool(noted)


def starts_inside(text: str) -> bool:
    """Whether a paragraph begins with a mark that no paragraph begins with."""
    return text[:1] in "，。、；：！？,;!?”’」』》）)】%％"


def byline_credits(byline: str) -> Credits:
    """Names of a byline of one or more lines."""
    reporters: list[str] = []
    correspondents: list[str] = []
    target = reporters
    flat = normal(re.sub(rf"[{_MARKS}()（）]", " ", byline))
    for token in re.split(rf"({_OUTLET}{_ROLE}|{_CREDIT_WORDS}\s*[/|:]|[\s、,;/:和])", flat):
        word = token.strip(" 、,;/|:和") if token else ""
        if not word:
            continue
        if re.fullmatch(rf"{_OUTLET}{_ROLE}", word):
            target = correspondents if word.endswith(("通讯员", "实习生")) else reporters
        elif re.fullmatch(_CREDIT_WORDS, word):
            target = [] if word in ("图", "摄影") else reporters
        else:
            target.append(word)
    return Credits(_whole_names(reporters), _whole_names(correspondents))


def body_credits(text: str) -> Credits:
    """Names in the agency lead at the start of a body, else in the credit at its very end."""
    lead = _LEAD.match(normal(text[:200]))
    if lead and lead.group("credit"):
        return byline_credits(lead.group("credit"))
    closing = _CLOSING_CREDIT.search(normal(text[-80:]))
    return byline_credits(closing.group(1)) if closing else Credits()


def _whole_names(words: list[str]) -> tuple[str, ...]:
    """Join names that were printed with a space inside (张 晔) and drop repetitions."""
    names: list[str] = []
    pending = ""
    for word in words:
        if len(word) == 1 and re.match(rf"[{_HAN}]", word):
            if pending:
                names.append(pending + word)
                pending = ""
            else:
                pending = word
            continue
        if pending:
            names.append(pending)
            pending = ""
        names.append(word)
    if pending:
        names.append(pending)
    return tuple(dict.fromkeys(names))
