from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.figure_forms import numeral_value
from rag.answer.numbers import Day, figures, normal_figures, supports, unsupported

FULL_WIDTH = str.maketrans("0123456789.,%", "０１２３４５６７８９．，％")


def han(n: int) -> str:
    """An integer below 10**12 in Chinese numerals, written independently of the reader."""

    def four(n: int) -> str:
        out, gap = "", False
        for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            digit, n = divmod(n, size)
            if digit:
                out += ("零" if gap and out else "") + "零一二三四五六七八九"[digit] + name
            gap = not digit
        return out

    out = ""
    for size, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part, n = divmod(n, size)
        if part:
            out += ("零" if out and part < 1000 else "") + four(part) + name
    return out


def ways(n: int) -> list[str]:
    return [
        f"{n}家",
        f"{n:,}家",
        f"{n:,}家".translate(FULL_WIDTH),
        f"{Decimal(n) / 10**4:f}万家",
        f"{Decimal(n) / 10**8:f}亿家",
        f"{n} 家",
        f"{han(n)}家",
    ]


@given(st.integers(min_value=2, max_value=10**12 - 1))
def test_every_way_to_write_an_integer_has_one_value(n):
    for written in ways(n):
        text = f"全区共有{written}企业"
        (figure,) = figures(text)
        assert (figure.value, figure.unit, figure.text) == (Decimal(n), "家", written)
        assert normal_figures(text) == f"全区共有{n}家企业"


@given(st.decimals(min_value=0, max_value=1000, places=2))
def test_every_way_to_write_a_share_has_one_value(share):
    for text in (f"{share}%", f"{share}%".translate(FULL_WIDTH), f"{share} ％"):
        (figure,) = figures(f"增长{text}。")
        assert (figure.kind, figure.value) == ("percent", share)


@given(
    st.text(alphabet=st.characters(codec="utf-8"))
    | st.text("0123456789,.-至年月日第百千万亿点零一二两三十分之成个家元%Ⅱ约超多余 ")
)
def test_any_text_is_read_and_every_figure_is_its_slice(text):
    end = 0
    for figure in figures(text):
        assert end <= figure.start < figure.end
        assert text[figure.start : figure.end] == figure.text
        end = figure.end
    normal_figures(text)


WRITTEN = st.sampled_from(
    "三成 百分之六十三 1.44万家 １，２００项 二〇二三年八月 2023-08-09 第三季度 Ⅱ级 四分之一 十余家 超百亿元 "
    "3-5万元 三至五年 8月9日至11日 零下五摄氏度 3.5公里 两年半 一半 第十四届 2亿3千万美元 一个 前三季度".split()
)


@given(
    st.lists(WRITTEN, min_size=1, max_size=5),
    st.sampled_from(["，", "，其中", "；达到", "的企业有"]),
)
def test_normal_form_is_stable(parts, joint):
    once = normal_figures(joint.join(parts))
    assert normal_figures(once) == once


@pytest.mark.parametrize(
    ("text", "value", "unit", "qualifier"),
    [
        ("三百二十人", 320, "人", ""),
        ("十五项", 15, "项", ""),
        ("两千零八家", 2008, "家", ""),
        ("一百五", 150, "", ""),
        ("三万五千人次", 35000, "人次", ""),
        ("3亿元", 3 * 10**8, "元", ""),
        ("1亿2000万元", 12 * 10**7, "元", ""),
        ("2万亿元", 2 * 10**12, "元", ""),
        ("三点五万吨", 35000, "吨", ""),
        ("1.2个百分点", Decimal("1.2"), "百分点", ""),
        ("三成", 30, "%", ""),
        ("百分之零点五", Decimal("0.5"), "%", ""),
        ("四分之一", 25, "%", ""),
        ("5‰", Decimal("0.5"), "%", ""),
        ("20倍", 20, "倍", ""),
        ("3.5公里", 3500, "米", ""),
        ("三千瓦", 3000, "瓦", ""),
        ("48周岁", 48, "岁", ""),
        ("零下5℃", -5, "℃", ""),
        ("为-3.2%", Decimal("-3.2"), "%", ""),
        ("$5亿", 5 * 10**8, "美元", ""),
        ("Ⅱ级", 2, "级", ""),
        ("二级", 2, "级", ""),
        ("第2级", 2, "级", ""),
        ("两年半", Decimal("2.5"), "年", ""),
        ("1000余家", 1000, "家", "over"),
        ("10多万人", 100000, "人", "over"),
        ("近百家", 100, "家", "under"),
        ("超千亿元", 10**11, "元", "over"),
        ("约为5亿元", 5 * 10**8, "元", "about"),
        ("不超过5%", 5, "%", "under"),
        ("不少于三十个", 30, "个", "over"),
        ("100人左右", 100, "人", "about"),
        ("5公里以上", 5000, "米", "over"),
        ("近三年", 3, "年", ""),
        ("签约30个", 30, "个", ""),
        ("附近30家", 30, "家", ""),
        ("13时许", 13, "点", ""),
    ],
)
def test_value_unit_and_qualifier(text, value, unit, qualifier):
    (figure,) = figures(text)
    assert (figure.value, figure.unit, figure.qualifier) == (Decimal(value), unit, qualifier)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("二〇二三年", [Day(2023)]),
        ("二零二三年八月", [Day(2023, 8)]),
        ("2023-08", [Day(2023, 8)]),
        ("2023/8/9", [Day(2023, 8, 9)]),
        ("8 月 9 日", [Day(None, 8, 9)]),
        ("2023年上半年", [Day(2023, span="上半年")]),
        ("三季度", [Day(span="第3季度")]),
        ("前三季度", [Day(span="前3季度")]),
        ("8月9日至11日", [Day(None, 8, 9), Day(None, 8, 11)]),
        ("2020—2023年", [Day(2020), Day(2023)]),
        ("2023年1-8月", [Day(2023), Day(2023, 1), Day(2023, 8)]),
    ],
)
def test_dates(text, days):
    assert [figure.value for figure in figures(text)] == days


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("1500万至2500万美元", [(15 * 10**6, "美元"), (25 * 10**6, "美元")]),
        ("3-5万元", [(30000, "元"), (50000, "元")]),
        ("30—35岁", [(30, "岁"), (35, "岁")]),
        ("5至10%", [(5, "%"), (10, "%")]),
        ("三至五公里", [(3000, "米"), (5000, "米")]),
        ("1万~2万公里", [(10**7, "米"), (2 * 10**7, "米")]),
    ],
)
def test_the_ends_of_a_range_share_what_is_written_once(text, ends):
    assert [(figure.value, figure.unit) for figure in figures(text)] == ends


@pytest.mark.parametrize(
    "text",
    "一个个 一些 一起 统一 第一时间 第三方 十分重要 万一 百姓 千方百计 三农 两会 “十四五”规划 一带一路 一家公司 "
    "一项工作 数十家 几百万 三四百人 5G网络 3D打印 DFM-2 G20 C919 二十大 三番五次 三位一体 一成不变".split(),
)
def test_words_that_are_no_figures(text):
    assert figures(text) == []


@pytest.mark.parametrize(
    ("quote", "answer"),
    [
        ("1.44万家企业", "14400家"),
        ("12项成果", "12个成果"),
        ("30名工程师", "三十位工程师"),
        ("约1000人", "1000人"),
        ("近1000人", "约1000人"),
        ("超千家", "1000多家"),
        ("占三成", "占30%"),
        ("2023年8月9日", "2023年"),
        ("2023年8月9日", "8月9日"),
        ("第二名", "第2"),
        ("2023世界大会", "2023年世界大会"),
        ("投资3-5万元", "3万元"),
        ("服务用户100", "100人"),
    ],
)
def test_supported(quote, answer):
    assert unsupported(answer, ["别的话。", quote]) == []


@pytest.mark.parametrize(
    ("quote", "answer"),
    [
        ("近1000家", "超1000家"),
        ("1000家", "逾1000家"),
        ("1000家", "约1000家"),
        ("500万元", "500万美元"),
        ("500人次", "500人"),
        ("增长5%", "增长5个百分点"),
        ("5家", "5%"),
        ("5家", "5元"),
        ("第3名", "3名"),
        ("2023年", "2023年8月"),
        ("2023年8月", "2023年上半年"),
        ("8月9日", "8月19日"),
        ("3万", "3"),
        ("", "3家"),
        ("12家企业", "12款产品"),
    ],
)
def test_contradicted_or_absent(quote, answer):
    assert [figure.text for figure in unsupported(answer, [quote])] != []


def test_unsupported_names_the_wrong_figure_only():
    quotes = ["园区有企业1200家，去年新增60余家。"]
    wrong = unsupported("园区有企业1,200家，去年新增80余家。", quotes)
    assert [figure.text for figure in wrong] == ["80余家"]
    assert not supports([], wrong[0])


def test_numerals_that_are_no_definite_number():
    assert [numeral_value(n) for n in ("三四", "万一", "二三十", "百")] == [None] * 4
