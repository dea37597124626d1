"""Questions of other shapes: several in one, comparisons, and the verdict over two answers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.align import Support
from rag.answer.compare import verdict
from rag.answer.compose import Composed
from rag.answer.numbers import unsupported
from rag.answer.shapes import MOST_PARTS, TOO_MANY, asks_for_list, parts, whole_articles
from rag.retrieve.period import undated
from rag.types import Article, Sentence

TERMS = ("云岭科技园", "白沙高新区", "白沙", "青禾工业园区")
BOTH = ("云岭科技园", "白沙高新区")


class TestSeveral:
    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("云岭科技园有多少企业？", ["云岭科技园有多少企业？"]),
            ("云岭科技园有多少企业", ["云岭科技园有多少企业"]),
            ("云岭科技园何时启用？ 投资多少？", ["云岭科技园何时启用？", "投资多少？"]),
            ("投资多少？投资多少？", ["投资多少？"]),
            ("云岭何时启用？另外，白沙有几家企业", ["云岭何时启用？", "白沙有几家企业？"]),
            ("1. 云岭何时启用？2. 投资1.5亿？", ["云岭何时启用？", "投资1.5亿？"]),
            ("《云岭？白沙！》是谁写的？", ["《云岭？白沙！》是谁写的？"]),
        ],
    )
    def test_at_their_marks(self, question: str, expected: list[str]):
        assert parts(question, TERMS) == expected

    @pytest.mark.parametrize("form", ["请把各期报道的数都列出来", "请分别说明", "谢谢！"])
    def test_a_sentence_about_the_form_is_no_question(self, form: str):
        assert parts(f"渡口运送旅客多少？{form}", ()) == ["渡口运送旅客多少？"]

    def test_a_request_with_a_matter_of_its_own_is_one(self):
        assert parts("云岭何时启用？请列出首批企业", ()) == ["云岭何时启用？", "请列出首批企业？"]

    def test_clauses_behind_a_colon(self):
        asked = "两地的力量各有多少：云岭的实验室几个，白沙的机构几家？"
        assert parts(asked, ()) == ["云岭的实验室几个？", "白沙的机构几家？"]
        asked = "关于云岭科技园：何时启用，投资多少？"
        assert parts(asked, ()) == ["关于云岭科技园，何时启用？", "投资多少？"]

    def test_clauses_of_one_subject_stay_together(self):
        whole = "云岭科技园何时启用，投资多少？"
        assert parts(whole, TERMS) == [whole]
        asked = "云岭科技园何时启用，白沙高新区投资多少？"
        assert parts(asked, TERMS) == ["云岭科技园何时启用？", "白沙高新区投资多少？"]

    def test_later_ones_are_read_with_the_earlier_but_sides_stand_alone(self):
        asked = "云岭何时启用？投资多少？云岭科技园和白沙高新区哪个更大？"
        read = parts(asked, TERMS, lambda piece, earlier: f"{len(earlier)}{piece}")
        sides = ["云岭科技园有多大？", "白沙高新区有多大？"]
        assert read == ["云岭何时启用？", "1投资多少？", *sides]

    def test_none_is_dropped(self):
        assert len(parts("甲在哪？乙在哪？丙在哪？丁在哪？戊在哪？", ())) == 5
        assert "四" in TOO_MANY and MOST_PARTS == 4

    @given(st.text(alphabet="云岭和与比，。？；：《》“”哪个更多两家的都各 \n", max_size=30))
    def test_any_text(self, text: str):
        asked = parts(text, ("云岭",))
        assert asked and (asked == [text] or all(part.endswith("？") for part in asked))


def of_each(rest: str, before: str = "") -> list[str]:
    return [f"{before}{name}{rest}" for name in BOTH]


class TestCompared:
    @pytest.mark.parametrize(
        ("question", "rest"),
        [
            ("云岭科技园和白沙高新区的企业数量相比如何？", "的企业数量是多少？"),
            ("对比一下云岭科技园与白沙高新区的企业数", "的企业数是多少？"),
            ("云岭科技园和白沙高新区相比，谁的产值更高？", "的产值是多少？"),
            ("云岭科技园和白沙高新区的面积差多少？", "的面积是多少？"),
            ("云岭科技园和白沙高新区哪个占地更大？", "占地有多大？"),
            ("云岭科技园比白沙高新区大多少？", "有多大？"),
            ("云岭科技园比白沙高新区多多少家企业？", "有多少家企业？"),
            ("云岭科技园和白沙高新区哪个企业更多？", "企业有多少？"),
            ("云岭科技园的企业和白沙高新区的企业哪个多？", "的企业有多少？"),
            ("云岭科技园和白沙高新区谁更早启用？", "什么时候启用？"),
            ("云岭科技园和白沙高新区哪个启用更早？", "什么时候启用？"),
            ("云岭科技园和白沙高新区的主任分别是谁？", "的主任是谁？"),
            ("云岭科技园和白沙高新区两个园区各有几家企业？", "有几家企业？"),
            ("云岭科技园和白沙高新区的招数有何不同？", "的招数是什么？"),
        ],
    )
    def test_asked_of_each(self, question: str, rest: str):
        assert parts(question, TERMS) == of_each(rest)
        assert parts(question, ()) == of_each(rest)  # by form, where no name is known

    def test_of_three(self):
        asked = "云岭科技园、白沙高新区和青禾工业园区分别有多少企业？"
        assert parts(asked, TERMS) == [f"{n}有多少企业？" for n in (*BOTH, "青禾工业园区")]

    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("青石高铁和柳溪铁路，哪条更长？", ["青石高铁有多长？", "柳溪铁路有多长？"]),
            (
                "石桥和柳溪两个高新区有何不同？",
                ["石桥高新区有什么特点？", "柳溪高新区有什么特点？"],
            ),
            (
                "甲型电池和乙型电池上半年各出口多少？",
                ["甲型电池上半年出口多少？", "乙型电池上半年出口多少？"],
            ),
            (
                "上半年柳溪铁矿和石桥铁矿石的产量各是多少？",
                ["上半年柳溪铁矿的产量是多少？", "上半年石桥铁矿石的产量是多少？"],
            ),
            (
                "石桥和柳溪比，一个有多少家企业、一个有多少项专利？",
                ["石桥有多少家企业？", "柳溪有多少项专利？"],
            ),
            (
                "《石桥启用》和《柳溪启用》两篇报道的投资额有什么不同？",
                ["《石桥启用》的投资额是多少？", "《柳溪启用》的投资额是多少？"],
            ),
        ],
    )
    def test_names_that_nobody_knows(self, question: str, expected: list[str]):
        assert parts(question, ()) == expected

    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("2030年和2031年渡口的客流分别是多少？", "2030年渡口的客流是多少？"),
            ("渡口2030和2031年的客流量哪个高？", "渡口2030年的客流量是多少？"),
            ("渡口2030年上半年和下半年各运多少人？", "渡口2030年上半年运多少人？"),
            ("渡口的客流量，七月和八月两次报道有什么不同？", "七月的报道里，渡口的客流量是多少？"),
            (
                "渡口客流量，7月1日和8月1日两期的报道有何不同？",
                "7月1日的报道里，渡口客流量是多少？",
            ),
        ],
    )
    def test_times(self, question: str, expected: str):
        first, second = parts(question, ())
        assert first == expected
        swaps = {
            "2030年渡口": "2031年渡口",
            "2030年的": "2031年的",
            "上半年": "下半年",
            "七": "八",
            "7月": "8月",
        }
        old = next(old for old in swaps if old in first)
        assert second == first.replace(old, swaps[old])

    @pytest.mark.parametrize(
        "question",
        [
            "云岭科技园与白沙高新区签约了吗？",
            "青石渡口8月比7月增长多少？",
            "青石渡口与去年相比运量有何不同？",
            "统一标准的企业到底是9家还是6家？",
            "园区与企业签了哪些协议？",
        ],
    )
    def test_no_comparison(self, question: str):
        assert parts(question, TERMS) == [question]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("对比一下石桥和柳溪两篇报道", ["石桥", "柳溪"]),
        ("请比较石桥那篇和柳溪那篇文章", ["石桥", "柳溪"]),
        ("石桥的报道和柳溪的报道有什么区别？", ["石桥", "柳溪"]),
        ("《石桥启用》和《柳溪启用》两篇文章有何不同？", ["《石桥启用》", "《柳溪启用》"]),
        ("石桥与柳溪两篇稿子分别讲了什么？", ["石桥", "柳溪"]),
        ("《石桥启用》和《柳溪启用》两篇报道的投资额有什么不同？", []),
        ("渡口的客流量，七月和八月两次报道有什么不同？", []),
        ("石桥和柳溪两个高新区有何不同？", []),
        ("石桥和柳溪有哪些报道？", []),
        ("总结一下石桥和柳溪的新闻发布会", []),
    ],
)
def test_articles_set_side_by_side_as_wholes(question: str, names: list[str]):
    assert whole_articles(question) == names


def test_lists():
    assert asks_for_list("园区有哪些政策？")
    assert not asks_for_list("园区有多少政策？")


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("8月的报道里，渡口运送旅客多少？", "渡口运送旅客多少？"),
        ("2031年9月登的文章中，哪家夜校开班？", "哪家夜校开班？"),
        ("根据7月28日的报道，渡船有几艘？", "渡船有几艘？"),
        ("2031年上半年的报纸上，谁来了？", "谁来了？"),
        ("按最新一篇报道，渡口有几艘渡船？", "渡口有几艘渡船？"),
        ("最新一期里，谁说了什么？", "谁说了什么？"),
        ("8月关于港口的报道里，谁获了奖？", ""),
        ("2031年上半年，渡口运送旅客多少？", ""),
        ("7月和8月的报道，有何不同？", ""),
        ("最新一期报道了哪些园区？", ""),
        ("最新报道，", ""),
    ],
)
def test_when_it_was_printed_is_taken_off(question: str, rest: str):
    assert undated(question) == (rest or question)


def said(text: str, headline: str = "", name: str = "a", times: int = 1) -> Composed:
    article = Article(name, f"issue-{name}", headline, text, date=date(2031, 5, 6))
    source = (article, Sentence(name, 0, len(text), text))
    return Composed((Support(text, (source,), 1.0),) * times, 1.0, ())


class TestVerdict:
    many = ("云岭科技园有多少家企业？", "白沙科技园有多少家企业？")

    def told(self, first: str, second: str, asked: list[str] | None = None) -> str:
        composed = [said(first, name="a"), said(second, name="b")]
        found = verdict(asked or self.many, composed)
        if found is None:
            return ""
        assert found.quotes == tuple(c.supports[0].quotes[0] for c in composed)
        assert unsupported(found.text, [s.text for _a, s in found.quotes]) == []
        return found.text

    def test_the_greater_comes_first(self):
        text = "云岭科技园（32家）多于白沙科技园（18家）。"
        assert self.told("云岭科技园有企业32家。", "白沙科技园已有18家企业。") == text
        told = self.told("云岭科技园有企业3家。", "白沙科技园已有18家企业。")
        assert told == "白沙科技园（18家）多于云岭科技园（3家）。"

    def test_equal_figures(self):
        told = self.told("云岭科技园有企业18家。", "白沙科技园已有18家企业。")
        assert told == "云岭科技园与白沙科技园同为18家。"

    @pytest.mark.parametrize(
        ("asked", "first", "second", "text"),
        [
            (
                "有多长？",
                "青石铁路全长46.9公里",
                "柳溪铁路长279公里",
                "柳溪铁路（279公里）长于青石铁路（46.9公里）。",
            ),
            (
                "的增速是多少？",
                "青石铁路的增速为5%",
                "柳溪铁路增速3%",
                "青石铁路（5%）高于柳溪铁路（3%）。",
            ),
            (
                "占地多少亩？",
                "青石铁路占地约90亩",
                "柳溪铁路占地50亩",
                "青石铁路（90亩）多于柳溪铁路（50亩）。",
            ),
        ],
    )
    def test_what_is_asked_names_the_relation(self, asked, first, second, text):
        assert self.told(first, second, [f"青石铁路{asked}", f"柳溪铁路{asked}"]) == text

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("园区有企业32家。", "白沙科技园有企业18家。"),  # whose?
            ("云岭科技园有企业32家。", "白沙科技园有人才18名。"),
            ("云岭科技园有企业32家。", "白沙科技园有18家银行。"),  # of something else
            ("云岭科技园有企业32家，企业新增5家。", "白沙科技园有企业18家。"),
            ("云岭科技园有企业约19家。", "白沙科技园有企业18家。"),
            ("2030年云岭科技园有企业32家。", "2031年白沙科技园有企业18家。"),
            ("云岭科技园有许多企业。", "白沙科技园有企业18家。"),
        ],
    )
    def test_nothing_where_a_quotation_does_not_bear_it_out(self, first: str, second: str):
        assert self.told(first, second) == ""

    def test_a_headline_may_name_the_side(self):
        composed = [
            said("园区有企业32家。", "云岭科技园启用"),
            said("企业18家。", "白沙科技园", "b"),
        ]
        found = verdict(self.many, composed)
        assert found and found.text == "云岭科技园（32家）多于白沙科技园（18家）。"

    def test_needs_two_answers_of_one_sentence(self):
        one, two = said("云岭科技园有企业32家。"), said("白沙科技园有企业18家。", name="b")
        assert verdict(self.many, [one]) is None
        assert verdict(self.many, [one, one]) is None
        assert verdict(self.many, [one, Composed((), 0.0, ())]) is None
        assert verdict(self.many, [said("云岭科技园有企业32家。", times=2), two]) is None
        assert verdict(["云岭科技园在哪？", "白沙科技园在哪？"], [one, two]) is None
