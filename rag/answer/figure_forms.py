"""How figures are written in Chinese: units, patterns, and numerals to exact values."""

from __future__ import annotations

import re
from decimal import Decimal

# Units that are not their own normal form: the unit they are counted in, and how many of it.
SAME_UNITS: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("公里", "千米", "km"), ("米", 1000)),
    **dict.fromkeys(("公斤", "千克", "kg"), ("克", 1000)),
    **dict.fromkeys(("平米", "㎡", "m²", "m2"), ("平方米", 1)),
    **dict.fromkeys(("平方千米", "km²", "km2"), ("平方公里", 1)),
    **dict.fromkeys(("立方", "m³", "m3"), ("立方米", 1)),
    **dict.fromkeys(("块钱", "人民币", "元人民币", "¥"), ("元", 1)),
    **dict.fromkeys(("$", "US$"), ("美元", 1)),
    **dict.fromkeys(("个小时", "h"), ("小时", 1)),
    **dict.fromkeys(("摄氏度", "°C"), ("℃", 1)),
    **dict.fromkeys(("度电", "kWh"), ("瓦时", 1000)),
    **{"港币": ("港元", 1), "€": ("欧元", 1), "£": ("英镑", 1), "个百分点": ("百分点", 1)},
    **{"日": ("天", 1), "周岁": ("岁", 1), "月": ("个月", 1), "m": ("米", 1), "t": ("吨", 1)},
    **{"kW": ("瓦", 1000), "MW": ("瓦", 10**6), "兆瓦": ("瓦", 10**6), "GW": ("瓦", 10**9)},
    **{"时": ("点", 1), "mm": ("毫米", 1), "cm": ("厘米", 1), "nm": ("纳米", 1), "μm": ("微米", 1)},
}
# Classifiers that may stand for one another (12项 and 12条); 个 may stand for all of them.
ALIKE = tuple(
    frozenset(group.split())
    for group in (
        "家 所 间 处 座 栋 幢",
        "名 位 人",
        "项 件 条 种 类 款 份 批 起",
        "台 套 辆 架 部 艘",
        "次 回 场 轮 趟",
        "只 头 匹",
        "组 队 支",
    )
)
CLASSIFIERS = frozenset("张根颗枚户本笔幅篇首块片层棵株粒杯瓶箱袋册集节页字排村").union(*ALIKE)
RANKS = ("星级", "等奖", "级", "届", "期", "代", "号", "版")
"""Numbers in a row: 二级, Ⅱ级 and 第二级 are the same."""
PERCENT = {"%": Decimal(1), "‰": Decimal("0.1"), "成": Decimal(10)}
TIMES = frozenset("年 个月 天 周 小时 分钟 秒".split())
ARABIC_ONLY = frozenset("度 点 时 分 门 头 日 月 字".split())
"""十分、三点、三门、两头 are words more often than figures."""

_MEASURES = (
    "美元 欧元 日元 韩元 港元 元 英镑 卢布 人次 户次 倍 岁 世纪 年代 年 个月 个工作日 天 周 小时 "
    "分钟 秒 毫秒 米 厘米 毫米 微米 纳米 英寸 英里 海里 光年 亩 公顷 英亩 平方米 平方公里 立方米 "
    "升 毫升 吨 克 毫克 斤 瓦 瓦时 伏 安时 赫兹 字节 比特 度 ℃ 点 分 门 番 百分点 个 GB TB MB PB "
    "Hz kHz MHz GHz Mbps Gbps"
).split()
_UNITS = {*_MEASURES, *SAME_UNITS, *CLASSIFIERS, *RANKS, *PERCENT} - set("¥$€£")


def _unit_pattern(unit: str) -> str:
    if unit == "成":
        return "成(?![员立功长熟本果品交为都绩年人套就型分不])"
    if unit == "时":
        return "时(?![代间候期尚速刻长])"
    return re.escape(unit) + ("(?![A-Za-z0-9])" if unit[-1].isascii() and unit != "%" else "")


_UNIT = "|".join(map(_unit_pattern, sorted(_UNITS, key=lambda u: (-len(u), u))))
_RANK = "|".join(RANKS)
_ARABIC = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
_CN = "[零〇一二两三四五六七八九十百千万亿]"
_HAN = rf"{_CN}{{1,24}}(?:点[零〇一二三四五六七八九]{{1,24}}[万亿]{{0,2}})?"
_NUMERAL = (
    rf"{_ARABIC}(?: ?[多余来几]?[十百千万亿]{{1,4}}(?:{_ARABIC}[百千万亿]{{1,4}})*)?"
    rf"|(?<!{_CN}){_HAN}(?:[多余几][万亿]{{1,2}})?"
)
NUMBER = re.compile(
    # Fractions and ordinals begin like numbers, so they are tried first.
    rf"(?P<half>一半)|(?P<base>{_CN}{{1,9}}|[0-9]{{1,9}})分之(?P<part>{_HAN}|{_ARABIC})"
    rf"|第 ?(?P<ordinal>[0-9]+|{_CN}{{1,24}}) ?(?P<place>{_RANK}|[名位个次批])?"
    rf"|(?P<roman>[Ⅰ-Ⅻ]|(?<![A-Za-z])(?:I{{1,3}}|IV|V)(?={_RANK}|[类型]))(?P<grade>{_RANK}|[类型])?"
    r"|(?P<sign>(?<![^\s,;:、。(为是达到至在约])-(?=[0-9])|零下|负(?=[0-9]))?"
    r"(?:(?P<currency>US\$|[¥$€£]) ?)?(?<![A-Za-z0-9])(?<![A-Za-z]-)(?<![0-9]\.)"
    rf"(?P<numeral>{_NUMERAL})(?P<more> ?[多余几]| ?来(?=[个家人名岁次年天]))?"
    rf"(?: ?(?P<unit>{_UNIT})(?P<and_half>半(?![年天个月以数径导]))?)?"
)
_YEAR = "(?:1[89]|20)[0-9]{2}"
_MONTH = "(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_MDAY = "(?:3[01]|[12][0-9]|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_SPAN = "[上下]半年|前[一二两三1-3]个?季度|第?[一二三四1-4]季度"
DATE = re.compile(
    rf"(?<![A-Za-z0-9.])(?<!{_CN})(?:"
    rf"(?P<year>{_YEAR}|[一二][零〇一二三四五六七八九]{{3}}) ?年(?!代)"
    rf"(?: ?(?:(?P<span>{_SPAN})|(?P<month>{_MONTH}) ?月(?: ?(?P<day>{_MDAY}) ?[日号])?))?"
    rf"|(?P<year2>{_YEAR})(?P<mark>[-/.])(?P<month2>1[0-2]|0?[1-9])(?:(?P=mark)(?P<day2>"
    rf"3[01]|[12][0-9]|0?[1-9]))?(?![0-9.])"
    rf"|(?P<month3>{_MONTH}) ?月(?: ?(?P<day3>{_MDAY}) ?[日号])?"
    rf"|(?P<day4>3[01]|[12][0-9]|0?[1-9]|二?十[一二三四五六七八九]?) ?日(?![元本均])"
    rf"|(?P<span2>{_SPAN}))"
)
# A numeral in these counts nothing.
SAYINGS = re.compile(
    "第[一二三](?:时间|线|书记|责任人|手|方|者|课堂)|三番[五两]次|三天两头|三位一体|一五一十|三年五载"
    "|十年如一日|一成不变|一期一会|三级跳|十万火急|[数几](?=[十百千万亿])[十百千万亿]+"
)
BEFORE = re.compile(
    "(?:(?P<about>大约|大概|(?<![签合条预公契节履制违特邀相])约|估计)"
    "|(?P<over>超过|(?<![中英西意赶])超|逾|突破|至少|最少|不少于|不低于|不小于|高于|大于|多于|起码)"
    "|(?P<under>将近|接近|(?<![附最靠临邻远])近|不超过|不高于|不大于|不多于|不到|不足|至多|最多"
    "|(?<!不)(?:低于|小于|少于)))[了为有合达到]? ?$"
)
AFTER = re.compile(
    " ?(?:(?P<about>左右|上下)"
    "|(?P<over>以上|之多|有余|[多余](?![个家种次名项位件地点样年方元数少边]))"
    "|(?P<under>以下|以内|之内))"
)
RANGE = re.compile(" ?(?:至|到|-|——?|–|~) ?(?:约|近|超)?")

_DIGITS = {"〇": 0, "两": 2} | {c: i for i, c in enumerate("零一二三四五六七八九")}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_PIECE = re.compile(rf"({_ARABIC})([十百千万亿]*)")


def numeral_value(numeral: str) -> Decimal | None:
    """The exact value of 1,200, 1.44万, 1亿2000万, 三百二十, 三点五万, 二〇二三 …

    None for what is no definite number: 三四百, 万一, 百万 without a digit.
    """
    # Not cn2an: it computes with float, refuses 1,200 and takes a second package along.
    numeral = re.sub("[ 多余来几]", "", numeral)
    if numeral[:1].isdecimal():
        return sum(
            (Decimal(n.replace(",", "")) * scale(s) for n, s in _PIECE.findall(numeral)), Decimal()
        )
    whole, point, rest = numeral.partition("点")
    value = _han_integer(whole)
    if value is None or not point:
        return None if value is None else Decimal(value)
    digits = rest.rstrip("万亿")
    decimals = "".join(str(_DIGITS[c]) for c in digits)
    return Decimal(f"{value}.{decimals}") * scale(rest[len(digits) :])


def scale(characters: str) -> Decimal:
    """The product of multipliers: of 万亿, 10 to the 12th."""
    product = Decimal(1)
    for character in characters:
        product *= _SCALES[character]
    return product


def _han_integer(numeral: str) -> int | None:
    digits = [_DIGITS.get(c) for c in numeral]
    if None not in digits and len(digits) > 1:
        # 二〇二三 is read digit by digit; 三四 means three or four.
        return int("".join(map(str, digits))) if len(digits) > 2 or 0 in digits else None
    if numeral[:1] in _SCALES and numeral[0] != "十":
        return None
    high = low = section = 0  # what stands before 亿, before 万, and behind it
    digit: int | None = None
    for i, c in enumerate(numeral):
        if c in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[c]
            continue
        if c in "十百千":
            section += (digit if digit is not None else 1) * _SCALES[c]
        elif c == "万":
            low = (low + section + (digit or 0)) * 10**4 if i else 0
            section = 0
        else:
            part = (low + section + (digit or 0)) * 10**8
            high, low, section = high + part if part else high * 10**8, 0, 0
        digit = None
    # 一万二, 三百五: the last digit counts tenths of the scale before it.
    tenth = _SCALES[numeral[-2]] // 10 if digit and numeral[-2:-1] in {*"百千万亿"} else 1
    return high + low + section + (digit or 0) * tenth
