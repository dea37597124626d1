from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.retrieve.period import Period, period

DATES = [date(2022, 9, 2), date(2022, 9, 30), date(2023, 3, 3), date(2023, 8, 18), date(2024, 5, 6)]


def between(start: str, end: str) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("9月的报道有哪些？", "2022-09-01", "2022-09-30"),
        ("九月份的报道里，谁获了奖？", "2022-09-01", "2022-09-30"),
        ("2023年8月的新闻", "2023-08-01", "2023-08-31"),
        ("2024年上半年的报道", "2024-01-01", "2024-06-30"),
        ("2024年第二季度的文章", "2024-04-01", "2024-06-30"),
        ("8月18日那期讲了什么？", "2023-08-18", "2023-08-18"),
        ("8月18号的那一期有什么", "2023-08-18", "2023-08-18"),
        ("2024-09-18 这一期有哪些文章", "2024-09-18", "2024-09-18"),
        ("２０２４年５月６日这期", "2024-05-06", "2024-05-06"),
        ("20240506这一期", "2024-05-06", "2024-05-06"),
        ("二〇二三年八月十八日的报纸", "2023-08-18", "2023-08-18"),
        ("2022年的报纸上登了哪些消息？", "2022-01-01", "2022-12-31"),
        ("2023年8月登的文章中，谁获了奖？", "2023-08-01", "2023-08-31"),
        ("2023年8月有哪些报道？", "2023-08-01", "2023-08-31"),
        ("2023年8月有哪些港口新闻？", "2023-08-01", "2023-08-31"),
        ("2023年8月的港口新闻", "2023-08-01", "2023-08-31"),
        ("2023年8月关于港口的报道", "2023-08-01", "2023-08-31"),
        ("2023年8月发表的文章", "2023-08-01", "2023-08-31"),
        ("8月18日第4版有什么？", "2023-08-18", "2023-08-18"),
        ("8月18日那版的编辑", "2023-08-18", "2023-08-18"),
        ("3月讲港口的报道是谁写的？", "2023-03-01", "2023-03-31"),
        ("甲某3月写了几篇稿子？", "2023-03-01", "2023-03-31"),
        ("8月18日头版", "2023-08-18", "2023-08-18"),
        ("8月18日那天的报道", "2023-08-18", "2023-08-18"),
        ("哪些文章登在2023年8月？", "2023-08-01", "2023-08-31"),
        ("2022年9月到2023年3月的报道", "2022-09-01", "2023-03-31"),
        ("三月和八月两次报道有什么不同？", "2023-03-01", "2023-08-31"),
        ("2023年产值多少？按2023年8月的报道回答", "2023-08-01", "2023-08-31"),
        ("7月的报道", "2024-07-01", "2024-07-31"),
    ],
)
def test_issues_of_a_time(question, start, end):
    assert period(question, DATES) == between(start, end)


@pytest.mark.parametrize(
    "question",
    [
        "2023年产值是多少？",
        "2024年上半年引进了多少企业？",
        "9月9日谁来了？",
        "2023年8月发布了什么产品？",
        "2023年8月18日的新闻发布会由谁主持？",
        "2023年8月有报道称什么？",
        "2023年中国新闻奖给了谁？",
        "报道中2023年的产值是多少？",
        "2024年上半年引进企业的报道是谁写的？",
        "2023年8月一期工程完工了吗？",
        "七月那次会议商定了什么？",
        "最新的技术有哪些？",
        "最新型的渡船载客多少？",
        "最近的码头有多少公里？",
        "最新一期工程什么时候完工？",
        "最近一期培训班有多少人？",
        "一期项目投资多少？",
        "2030年会缺多少人？",
        "到2023年年中，装机总量是多少？",
        "2023年版图上有什么？",
        "2024年上半年期间产量多少？",
        "2月31日的报道",
        "",
        "8月登陆的台风叫什么？",
        "3.15晚会说了什么？",
    ],
)
def test_dates_of_facts_do_not_filter(question):
    assert period(question, DATES) is None


@pytest.mark.parametrize(
    "question", ["最新一期讲了什么", "最近一期", "最新的一期有哪些报道", "最新这期报纸"]
)
def test_the_newest_issue(question):
    assert period(question, DATES) == Period(date(2024, 5, 6), date(2024, 5, 6), newest=True)


@pytest.mark.parametrize(
    "question",
    [
        "最新报道说产值多少？",
        "按最新一篇报道，2023年出口多少？",
        "最近的新闻",
        "最新的港口出口数据是多少？",
        "最新港口统计数字",
        "最新的港口吞吐量是多少？",
    ],
)
def test_newest_reports_are_ordered_not_filtered(question):
    found = period(question, DATES)
    assert found == Period(newest=True)
    assert found.holds(date(2001, 1, 1)) and found.holds(None)


def test_other_issues_by_their_place():
    assert period("上一期讲了什么", DATES) == between("2023-08-18", "2023-08-18")
    assert period("最早一期是哪天", DATES) == between("2022-09-02", "2022-09-02")
    assert period("最新一期", []) == Period(newest=True)


def test_open_ends():
    assert period("2023年8月以来的报道", DATES) == Period(date(2023, 8, 1), None)
    assert period("2023年以前的新闻", DATES) == Period(None, date(2023, 12, 31))


def test_holds_both_ends():
    august = between("2023-08-01", "2023-08-31")
    days = [date(2023, 7, 31), date(2023, 8, 1), date(2023, 8, 31), date(2023, 9, 1), None]
    assert [august.holds(day) for day in days] == [False, True, True, False, False]


def test_a_month_in_a_corpus_without_dates_says_nothing():
    assert period("9月的报道", []) is None


WORDS = [
    "2023",
    "年",
    "9",
    "月",
    "18",
    "日",
    "十",
    "〇",
    "的报道",
    "-",
    "到",
    "这期",
    "最新",
    "一期",
    "0",
    "上半年",
    "十月",
    "季度",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map("".join)), st.lists(st.dates()))
@example("十十月的报道", [])
@example("0月0日的报道", [date(1, 1, 1)])
def test_never_raises(question, dates):
    found = period(question, dates)
    assert found is None or isinstance(found.holds(date(2023, 1, 1)), bool)
