"""How Chinese sets two things side by side, and what is asked of each of them alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.index.words import SUFFIX
from rag.retrieve.period import NOUN

FEWEST = 2
"""Characters besides the words of asking from which on a clause is a question."""

_CLASS = "个家条座所种类款边方位支项篇份期次处间块片地省市区县者"
ASKS = re.compile(
    r"什么(?:时候|样|地方)?|多少|为什么|为何|怎么样?|怎样|如何|[几何]时|何地|(?<!无论)谁"
    rf"|哪(?:一?[{_CLASS}年月天些里儿]|(?!怕))?"
    rf"|几(?=[{_CLASS}名年月天台座公千平万亿度级号届艘辆岁]|$)"
    r"|多[大长高久远重宽深快](?!的)|是否|有没有|吗$"
)
COMPARING = re.compile(
    r"相比|对比|比较|比起来|比[，,]|比.{2,16}?[多少大小高低长短]|区别|不同|不一样|异同|差[异别距]"
    r"|差多少|[谁哪].{0,8}[更最]|谁的|哪[个家]的|更|各自|分别|都"
    rf"|各(?![地类种项级位方界省市区])|一[{_CLASS}].+一[{_CLASS}]"
    rf"|(?:谁|哪[{_CLASS}]?).{{0,6}}[多少大小高低长短快慢早晚][？?]?$"
)
CHANGE = re.compile(
    r"增长|增加|增幅|增速|减少|下降|提高|提升|上升|上涨|下跌|翻[了一两]|[涨降]了?多少"
)
"""Of these, one figure is asked for: it says itself what is compared."""
JOIN = r"\s*(?:和|与|跟|同|及|以及|、|，|,|还是|vs\.?|VS\.?|对比|比)\s*"
_YEAR = "(?:19|20)[0-9]{2}年"
_SPAN = (
    "[上下]半年|第?[一二三四1-4]季度"
    "|(?:1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月(?:份|[0-9]{1,2}[日号])?"
)
PERIOD = re.compile(
    rf"(?<![0-9])(?:{_YEAR}(?:{_SPAN})?|(?:19|20)[0-9]{{2}}(?=[和与跟、])|{_SPAN}|[今去前]年)"
)
PRINTED = re.compile(
    r"的?[这那]?(?:两[次期篇份条]的?)?(?:报道|报纸|文章|新闻)(?:里|中|上)?[，,]?(?:的|说的)?"
)
ARTICLES = re.compile(
    rf"(?:的|之间|[这那两一二]|[篇则条])*(?:{NOUN})(?:的?(?:主要)?(?:内容|大意|要点))?"
    r"(?:各自|分别|各|都)*(?:[讲说写](?:的是|了)?些?(?:什么|啥))?"
)
"""Of things set side by side: that they are articles, and nothing that is asked of them."""
EARLIER = re.compile(
    "此前|之前|以前|过去|以往|往年|从前|上年|去年|同期|当时|其他|其它|别的|传统|同类|一般"
)
WHOLE = re.compile(rf"(?:{SUFFIX}|园区)$|[》”]$")
"""Ends of names that need no noun behind them, unlike the 青禾 of 青禾和白沙两个园区."""
TO_COMPARE = re.compile(
    r"^(?:请|帮我|麻烦|想知道|我想)?(?:问|看看)?(?:一?下)?(?:对比|比较)?(?:一下)?[，,]?"
)
_ADJECTIVE = "长短|大小|高低|快慢|远近|宽窄|重轻|深浅|久"
_ONE = _ADJECTIVE.replace("|", "")
THAN = re.compile(rf"\s*[，,]?(?:[更谁哪]|[{_ONE}多少](?:多少|几|吗)|一[{_CLASS}])")
PAIR = re.compile(
    r"(?P<before>(?:.*[，,：:])?(?:请|帮我)?(?:对比|比较)?(?:一下)?)"
    r"(?P<first>[^，,：:和与跟]{2,16}?)(?:和|与|跟|同(?=.{2,}相比)|还是|对比|比(?=.+[更多少]))"
    r"(?P<second>[^，,：:和与跟]{2,16}?)"
    rf"(?=[，,]|相比|比[，,起较]|比$|之间|[这那]?两[{_CLASS}]|[这那]一?[篇则条]|分别|各|都|的|在|哪|谁|更|有[何什多]|[{_ONE}多少]多少)"
)
OWN = re.compile(rf"(?<=[，,、；;])(?:一[{_CLASS}]|前者|后者)|^\s*(?:一[{_CLASS}]|前者)")
_LEADING = re.compile(r"^(?:之间|相比较?|相较|对比|比较|比起来|比|两者|二者|[，,\s])+")
_PAIR_NOUN = re.compile(
    rf"^(?:之间|[这那])?两[{_CLASS}]"
    rf"(?P<noun>{SUFFIX}|园区|城市|企业|项目|单位|地方|文章|报道|新闻)?(?:之间|里|中)?"
)
_EACH = re.compile("分别|各自|各(?![地类种项级位方界省市区])|都(?![市会能])|到底|究竟")
_DIFFERENT = re.compile(
    r"(?:有|存在)?(?:什么|何|哪些|多大)?的?(?:区别|不同|差[异别距]|不一样|异同)(?:之处|点)?"
    r"(?:是什么|在哪里?儿?|有?多大|吗)?$"
    r"|(?:相比|对比|比较)(?:起来)?(?:如何|怎么?样)?$|相?差(?:多少|多大|几.?)$"
)
_MORE = re.compile(
    rf"(?P<stem>.*?)(?:还?更|最|比较|较)?(?P<adjective>[{_ONE}多少早晚]|便宜|贵)(?:一些|一点|些|得多)?$"
)
_BY_HOW_MUCH = re.compile(rf"^(?P<adjective>[{_ONE}多少])(?P<much>多少|几)(?P<rest>.*)$")
_ASKED_ONE = re.compile(rf"(?:哪一?[{_CLASS}]?(?:{SUFFIX}|园区|城市|企业(?=的))?|谁)(?P<of>的?)")
_AMOUNT = re.compile(
    r"(?:[率额量值价费速积金龄]|(?<![招套路分])数|规模|产能|算力|人口|里程|[长高宽]度|全长"
    r"|收入|利润|投资|补贴|税收|比例|比重|占比)$"
)


def with_years(names: Sequence[str]) -> list[str]:
    """Times with the year that is written once: 2031年上半年 and 下半年, 2030 and 2031年."""
    done, year = list[str](), ""
    for name in names:
        if re.fullmatch("[0-9]{4}", name):
            name += "年"
        written = re.match("[0-9]{4}年", name)
        year = written[0] if written else year
        done.append(year + name if year and re.fullmatch(_SPAN, name) else name)
    return done


def without_pair(rest: str) -> tuple[str, str]:
    """The rest without 相比 and 两个园区, and the noun that belongs to each name."""
    rest = _LEADING.sub("", rest)
    pair = _PAIR_NOUN.match(rest)
    noun = (pair["noun"] or "") if pair else ""
    rest = _LEADING.sub("", rest[pair.end() :] if pair else rest)
    return rest, noun


def as_question(rest: str) -> str:
    """What is asked of one thing alone, of what was asked of both: 哪个占地更大 is 占地有多大？"""
    rest = rest.strip(" ？?。，,")
    rest = _LEADING.sub("", _EACH.sub("", rest))
    if by := _BY_HOW_MUCH.match(rest):
        if by["adjective"] in "多少":
            return f"有{by['much']}{by['rest']}？"
        return _measured(by["rest"], by["adjective"])
    less = _DIFFERENT.sub("", rest).rstrip("，,")
    single = _ASKED_ONE.sub(lambda m: m["of"], less, count=1)
    # 谁更早启用 is 谁启用更早.
    single = re.sub(rf"^[更最]([{_ONE}早晚])(?=.{{2}})(.+)$", r"\2更\1", single)
    more = _MORE.fullmatch(single)
    if more and (single != less or re.search("更|最", single)):
        return _measured(more["stem"].replace("，", ""), more["adjective"])
    if ASKS.search(less) and not re.search("(?:如何|怎么?样)$", less):
        return f"{less}？"
    stem = re.sub("(?:是|又)?(?:如何|怎么?样)$", "", less).rstrip("，,")
    if _AMOUNT.search(stem):
        return f"{stem}是多少？"
    if "的" in stem:
        return f"{stem}是什么？"
    return f"{stem}有什么特点？" if less != rest else f"{stem}怎么样？"


def nothing_more(rest: str) -> bool:
    """Whether nothing is asked but how two things differ (有什么区别？)."""
    return not _DIFFERENT.sub("", _LEADING.sub("", rest.strip(" ？?。，,")))


def _measured(stem: str, adjective: str) -> str:
    """The question for a thing's size; of 小, 短 and their like the same as of 大, 长."""
    stem = re.sub("(?:得|是|有|要|更|还)$", "", stem)
    if _AMOUNT.search(stem):
        return f"{stem}是多少？"
    if adjective in ("早", "晚"):
        return f"{stem}是什么时候？" if stem.startswith("的") else f"什么时候{stem}？"
    if adjective in ("贵", "便宜"):
        return f"{stem}多少钱？"
    if adjective in "多少":
        return f"{stem}有多少？"
    pair = next(pair for pair in _ADJECTIVE.split("|") if adjective in pair)
    return f"{stem}有多{pair[0]}？"
