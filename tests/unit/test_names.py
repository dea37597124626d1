from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.names import names, pos_tagger, unsupported_names


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    return pos_tagger(tmp_path_factory.mktemp("jieba"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("《数据安全条例》由“云帆计划”牵头。", ["数据安全条例", "云帆计划"]),
        ("DFM-2与ＡＩ芯片支持5G。", ["DFM-2", "AI", "5G"]),
        ("全长100km，容量2.49GB。", []),
        ("目前青岛高新区已投用。", ["青岛高新区"]),
        ("他在北京科技大学任教。", ["北京科技大学"]),
        ("天气很好。", []),
    ],
)
def test_names_by_their_form(text, found):
    assert sorted(names(text)) == sorted(found)


@pytest.mark.parametrize(
    ("answer", "quote"),
    [
        ("DFM 2已发布", "公司发布了dfm-2。"),
        ("“思必驰”上市", "思必驰科技股份有限公司上市。"),
        ("“北科大”牵头", "北京科技大学牵头。"),
        ("如今青岛高新区投用", "青岛高新区投用。"),
        ("《云帆 计划》印发", "“云帆计划”印发。"),
        ("ＡＩ芯片", "AI芯片"),
    ],
)
def test_names_that_stand_in_the_quote(answer, quote):
    assert unsupported_names(answer, [quote]) == []


@pytest.mark.parametrize(
    ("answer", "quote", "missing"),
    [
        ("青岛高新区投用", "苏州高新区投用。", ["青岛高新区"]),
        ("西安交通大学牵头", "上海交通大学牵头。", ["西安交通大学"]),
        ("北京大学牵头", "北京科技大学牵头。", ["北京大学"]),
        ("DFM-2已发布", "DFM-20已发布。", ["DFM-2"]),
        ("《云帆计划》印发", "《远航计划》印发。", ["云帆计划"]),
        ("云上科技有限公司上市", "云上科技上市。", ["云上科技有限公司"]),
    ],
)
def test_names_that_do_not(answer, quote, missing):
    assert unsupported_names(answer, [quote]) == missing


def test_headline_and_question_count():
    answer = "青岛高新区投用DFM-2"
    assert unsupported_names(answer, ["已投用。", "DFM-2来了"], "青岛高新区怎么样？") == []


def test_persons_and_places(tagger):
    answer = "会议在广州举行，由陈海明主持。"
    assert unsupported_names(answer, ["会议在深圳举行，由刘庆峰主持。"], "", tagger) == [
        "广州",
        "陈海明",
    ]
    assert unsupported_names(answer, ["陈海明在广州主持了会议。"], "", tagger) == []


def test_common_words_are_no_persons(tagger):
    assert names("许可制度使城市文明程度提高，阳光洒满大桥。", tagger) == []


@given(st.text(max_size=60))
def test_a_sentence_stands_in_itself(text):
    assert unsupported_names(text, [text]) == []
