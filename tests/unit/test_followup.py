"""Follow-ups read with what they follow, and new topics left alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.index.words import Segmenter
from rag.retrieve.followup import LONGEST, FollowUps
from tests.support.examples import examples

PARK = "云岭科技园首批入驻企业有多少家？"
PLATFORM = "星火平台什么时候发布？"
FOLLOWING = """
云岭科技园首批入驻企业有多少家？|那白沙高新区呢？|白沙高新区首批入驻企业有多少家？
云岭科技园首批入驻企业有多少家？|它什么时候启用的？|云岭科技园什么时候启用的？
云岭科技园首批入驻企业有多少家？|谁负责？|云岭科技园谁负责？
云岭科技园首批入驻企业有多少家？|占全省多少？|云岭科技园首批入驻企业占全省多少？
云岭科技园首批入驻企业有多少家？|其产值是多少？|云岭科技园的产值是多少？
云岭科技园首批入驻企业有多少家？|那里有多少博士？|云岭科技园有多少博士？
云岭科技园首批入驻企业有多少家？|总投资呢？|云岭科技园的总投资呢？
云岭科技园首批入驻企业有多少家？|二期什么时候开工？|云岭科技园的二期什么时候开工？
云岭科技园首批入驻企业有多少家？|那白沙高新区的产值呢？|白沙高新区的产值呢？
云岭科技园启用了吗？|为什么？|云岭科技园为什么启用了？
云岭科技园启用了吗？|什么时候？|云岭科技园什么时候启用？
云岭科技园启用了吗？|多少钱？|云岭科技园多少钱？
云岭科技园启用了吗？|这篇报道是谁写的？|云岭科技园这篇报道是谁写的？
云岭科技园入驻了哪些企业？|还有呢？|云岭科技园还入驻了哪些企业？
云岭科技园有哪些企业？|还有哪些？|云岭科技园还有哪些企业？
云岭科技园2023年产值多少？|那2022年呢？|云岭科技园2022年产值多少？
云岭科技园的产值是多少？|去年呢？|云岭科技园去年的产值是多少？
云岭科技园博士补贴多少钱？|硕士呢？|云岭科技园硕士补贴多少钱？
云岭科技园由谁运营？|那白沙大学呢？|白沙大学由谁运营？
白沙高新区的中试基地占地多少亩？|那云岭科技园呢？|云岭科技园的中试基地占地多少亩？
星火平台什么时候发布？|这个平台叫什么？|星火平台叫什么？
星火平台什么时候发布？|在哪里？|星火平台在哪里发布？
星火平台什么时候发布？|谁研发的？|星火平台谁研发的？
云帆科技什么时候发布新平台？|这个平台叫什么？|云帆科技的新平台叫什么？
云帆科技什么时候发布新平台？|该公司有多少员工？|云帆科技这一公司有多少员工？
远山医药有限公司什么时候上市？|该公司有多少员工？|远山医药有限公司有多少员工？
远山医药有限公司什么时候上市？|那青禾生物有限公司呢？|青禾生物有限公司什么时候上市？
哪家公司研发了灵犀芯片？|它有多少员工？|研发了灵犀芯片的公司有多少员工？
苏木是谁？|他多大年纪？|苏木多大年纪？
苏木是谁？|那桑榆呢？|桑榆是谁？
云栖一号卫星重多少公斤？|那云栖二号呢？|云栖二号卫星重多少公斤？
青禾铁路全长多少公里？|什么时候通车？|青禾铁路什么时候通车？
累计有多少个算法？|占全省多少？|累计的算法占全省多少？
云岭科技园累计有多少个算法通过备案？|占全省多少？|云岭科技园累计通过备案的算法占全省多少？
云岭科技园有多少家企业入驻？|其中哪些上市了？|云岭科技园入驻的企业其中哪些上市了？
云岭科技园给博士多少钱补贴？|占全省多少？|云岭科技园给博士的补贴占全省多少？
云岭科技园有多少名博士？|占全省多少？|云岭科技园的博士占全省多少？
云岭科技园培养了多少名博士？|占全省多少？|云岭科技园培养的博士占全省多少？
多少个算法通过了备案？|占全省多少？|通过了备案的算法占全省多少？
有多少家企业入驻？|谁负责？|入驻的企业谁负责？
“云帆计划”由谁牵头？|那“远航计划”呢|“远航计划”由谁牵头？
《数据条例》什么时候施行？|它有多少条？|《数据条例》有多少条？
远山医药牵头组建了什么联合体？|它什么时候启动的？|远山医药牵头组建的联合体什么时候启动的？
远山医药牵头组建了什么联合体？|谁负责？|远山医药牵头组建的联合体谁负责？
远山医药牵头组建了什么联合体？|这个联合体有几家成员？|远山医药牵头组建的联合体有几家成员？
远山医药牵头组建了什么联合体？|该公司有多少员工？|远山医药这一公司有多少员工？
远山医药取得了什么成绩？|它什么时候成立的？|远山医药什么时候成立的？
云岭科技园加入了什么联合体？|它占地多少？|云岭科技园占地多少？
云岭科技园的大模型叫什么？|它什么时候发布的？|云岭科技园的大模型什么时候发布的？
云岭科技园的大模型叫什么？|谁研发的？|云岭科技园的大模型谁研发的？
云岭科技园的产值是什么水平？|它什么时候启用的？|云岭科技园什么时候启用的？
云岭科技园有哪些算法通过了备案？|它们是谁研发的？|云岭科技园通过了备案的算法是谁研发的？
云岭科技园发布了什么平台？|平台有多少用户？|云岭科技园发布的平台有多少用户？
云岭科技园建设了哪个平台？|科技园有多少企业？|云岭科技园有多少企业？
湖北有多少家企业？|全国呢？|全国有多少家企业？
新能源汽车7月销量多少？|出口呢？|新能源汽车7月的出口呢？
东风汽车组建了什么联合体？|那东风汽车呢？|那东风汽车呢？
云岭科技园的算力有多少？|总投资多少？建筑面积多大？|云岭科技园的总投资多少？云岭科技园的建筑面积多大？
云岭科技园的算力有多少？|青禾铁路有多长？谁负责？|青禾铁路有多长？青禾铁路谁负责？
云岭科技园的算力有多少？|总投资多少？请注明出处|云岭科技园的总投资多少？请注明出处
全国光伏装机约多少？|那风电呢？|全国风电装机约多少？
全国光伏装机约多少？|水电呢？|全国水电装机约多少？
全国光伏装机约多少？|那湖北呢？|湖北光伏装机约多少？
全国光伏装机约多少？|那投资呢？|全国光伏装机的投资呢？
上半年光伏新增装机多少？|那风电呢？|上半年风电新增装机多少？
中国汽车出口多少万辆？|那新能源汽车呢？|中国新能源汽车出口多少万辆？
"""
NEW_TOPICS = """
白沙高新区的中试基地占地多少亩？|中试基地占地多少亩？|青禾铁路有多长？|苏木是谁？
什么是专精特新？|何谓算力？
登月飞船的座舱有几个座位？|量子计算机有多少比特？|人工智能领域有哪些新政策？
如何申请国家科技奖励资金？|今年高校毕业生就业情况如何？|哪家公司研发了灵犀芯片？
白沙大学什么时候建了它的实验室？|换个话题，白沙大学有多少学生？|明天天气怎么样？
你好|谢谢！|再见|你是谁？|
"""


@pytest.fixture(scope="module")
def follow_ups(tmp_path_factory) -> FollowUps:
    terms = ["云岭科技园", "白沙高新区", "白沙大学"]
    return FollowUps.open(Segmenter(terms, tmp_path_factory.mktemp("jieba")))


@pytest.mark.parametrize(
    ("before", "question", "expected"), [line.split("|") for line in FOLLOWING.split()]
)
def test_a_follow_up_is_completed(follow_ups, before, question, expected):
    assert follow_ups.standalone(question, [before]) == expected


@pytest.mark.parametrize("question", NEW_TOPICS.replace("\n", "|").strip("|").split("|"))
@pytest.mark.parametrize("before", [PARK, PLATFORM])
def test_a_new_topic_stays_as_it_is(follow_ups, question, before):
    assert follow_ups.standalone(question, [before]) == question


@pytest.mark.parametrize("question", ["那白沙高新区呢？", "谁负责？", "为什么？", "还有呢？", ""])
@pytest.mark.parametrize("history", [[], ["你好"], ["", "  "]])
def test_nothing_to_follow(follow_ups, question, history):
    assert follow_ups.standalone(question, history) == question


def test_a_chain_is_resolved_in_turn(follow_ups):
    history = [PARK, "那白沙高新区呢？", "占全省多少？"]
    assert follow_ups.standalone("那全国呢？", history) == "白沙高新区首批入驻企业占全国多少？"
    assert follow_ups.standalone("谁负责？", [*history, "谢谢！"]) == "白沙高新区谁负责？"


def test_what_was_asked_about_stays_the_subject_of_the_questions_that_follow(follow_ups):
    history = ["云岭科技园的大模型叫什么？", "它什么时候发布的？"]
    assert follow_ups.standalone("它有什么用？", history) == "云岭科技园的大模型有什么用？"
    history = ["云岭科技园组建了什么联合体？", "谁负责？"]
    assert follow_ups.standalone("有几家成员？", history) == "云岭科技园组建的联合体有几家成员？"


def test_a_measure_alone_is_nothing_to_follow(follow_ups):
    assert follow_ups.standalone("建筑面积多大？", ["总投资多少？"]) == "建筑面积多大？"
    assert follow_ups.standalone("总投资多少？", ["建筑面积多大？"]) == "总投资多少？"


def test_a_new_topic_within_the_conversation_is_what_is_followed(follow_ups):
    assert follow_ups.standalone("谁负责？", [PARK, PLATFORM]) == "星火平台谁负责？"


def test_an_outcome_too_long_is_not_made(follow_ups):
    question = "谁负责" + "？" * LONGEST
    assert follow_ups.standalone(question, [PARK]) == question
    assert follow_ups.standalone("谁负责？", ["云" * 500]) == "谁负责？"


QUESTIONS = [part for line in FOLLOWING.split() for part in line.split("|")[:2]]
_FORM = re.compile(r"[那它他她其该这个里吗呢了是？?\W]|为什么|还有|哪些|怎么样")


@given(st.sampled_from(QUESTIONS), st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=4))
@examples(300)
def test_the_words_of_the_question_are_kept(follow_ups, question, history):
    standalone = follow_ups.standalone(question, history)
    assert len(standalone) <= LONGEST
    assert all(piece in standalone for piece in _FORM.split(question) if len(piece) > 1)


@given(
    st.text("那它这该其的呢？《》“”\n 谁多少有是了云岭科技园2023年A-1全省", max_size=30)
    | st.text(max_size=40),
    st.lists(
        st.text("那它这个该其的呢？谁哪家多少有是了云岭科技园2023年全", max_size=30)
        | st.text(max_size=20),
        max_size=3,
    ),
)
@examples(500)
def test_any_text_can_be_asked(follow_ups, question, history):
    assert len(follow_ups.standalone(question, history)) <= LONGEST
