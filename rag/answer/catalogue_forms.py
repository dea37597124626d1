"""The forms of questions about the corpus itself, and of chit-chat."""

from __future__ import annotations

import re

from rag.retrieve.period import NOUN

_A = f"(?:{NOUN}|《|[篇则])"
WHO = re.compile(
    r"谁(?:采?写|执笔|撰写|报道)|记者(?:[和与跟、]?通讯员)?(?:各|分别|都)*(?:是|叫)(?:谁|什么|哪)|"
    r"(?:哪[位个]|哪几[位个]|哪些|什么)(?:记者|作者|通讯员)|(?:作者|通讯员)(?:各|分别|都)*[是叫]|"
    r"(?:作者|记者|通讯员)(?:都|一共|共)*有(?:谁|哪)|署名|谁是[^,。?]{0,20}(?:作者|记者)"
)
_WHEN = r"(?:哪一?天|什么时候|何时|几月几[日号]|哪年)"
WHERE = re.compile(
    r"哪一?期(?!工程|项目|建设)|第几[期版]|哪一?个?版|几版|[哪什]一?[个么]栏目|"
    rf"登[在于]?了?哪|{_WHEN}的?(?:刊登|登|见报|刊发|刊出|报道)|哪一?天的?报"
)
PRINTED = re.compile(f"{_A}|刊登|刊发|见报|登(?:[在的了过出报?]|$)")
# 论文, 代码 and the like have authors, too, and are none of ours.
OTHER = re.compile("论文|小说|著作|专著|诗|剧本|代码|程序|软件|报告|文件|公报|专利|课文")
OURS = re.compile(f"{NOUN}|刊登|见报")
_WHAT = r"(?:哪些|哪几|什么|啥|哪一?|几|多少|有没有|列[出举]|所有)"
_TAIL = r"(?=$|[?,。!]|都|里|中|有|提|讲|说|写|涉|介绍|关于|是|登|吗|么|呢)"
LIST = re.compile(
    rf"{_WHAT}[篇条则个]?[^,。?!]{{0,12}}?(?:{NOUN}){_TAIL}|(?:哪几|几|多少|哪些)篇(?=$|[?,。])|"
    rf"(?:{NOUN})(?:都|一共|总共|共)*有(?:哪些|什么|几|多少)[篇条]?(?:$|[?,。])|"
    rf"(?:{NOUN}|篇)的?(?:标题|题目)|标题叫什么|"
    rf"^[^谁哪什么几怎何多]*(?:{NOUN})[吗么?]*$"
)
CONTENTS = re.compile(r"(?:有|写|登|刊|刊登|报道)(?:了|过)?些?(?:什么|哪些)(?:内容)?[?。]?$")
ABOUT = re.compile(r"(?:报道|介绍|登)(?:了|过)?哪些([^,。?!]{2,8})[?。]?$")
ISSUES = re.compile(
    rf"(?:哪些|哪几|几|多少)[个份]?(?:日期|[天期])?的?(?:报纸|报(?!道|导)|日期|期)|一期.{{0,5}}(?:{_WHEN}|几号|日期)"
)
DAY_OF_PAPER = re.compile(
    rf"(?:报纸|[这那本][份张]报)的?(?:日期|(?:出版|印)?(?:是|在)?(?:{_WHEN}|几[月号]))|(?:{_WHEN}|几[月号])的报纸?(?!道|导)"
)
BYLINE = re.compile(
    r"谁(?:采?写|执笔|撰写)|(?:作者|(?:采写)?记者|通讯员)(?:都|分别|各)*(?:是|叫)(?:谁|什么|哪)|谁是.*(?:作者|记者)"
)
"""Asks for the byline even of a headline that no word calls an article."""
HELD = re.compile("库|收录|收了|报纸|报刊|资料|最[新近早]")
PEOPLE = re.compile(
    r"(?:哪些|哪几[位个]|几[位名个]|多少[位名个]?)(?:记者|通讯员|作者)|者(?:都|共)*有"
)
COLUMNS = re.compile(r"(?:哪些|哪几个|几个|多少个?|什么)栏目|栏目(?:都|一共|共)*有(?:哪|什|几|多)")
_COLUMN = "(?:这个|那个)?(?:栏目|专栏)"
_QUOTED = rf"[“《\"「『]([^“”《》\"]{{1,20}})[”》\"」』]{_COLUMN}"
# What no record holds. Asked of nothing, editors are those of the newspaper.
EDITOR = re.compile("责任编辑|责编|(?:^|(?<=[版期报纸])|(?<=[版期报纸]的))编辑(?=[是叫?]|$)")
UNRECORDED = re.compile(
    f"总编|主编|美编|版式|发行量|定价|订阅|印(?:了|刷)?(?:多少|几)份|{EDITOR.pattern}"
)
AUTHOR = re.compile(
    r"^(?:请问)?(?:记者|通讯员)?([\u4e00-\u9fff·]{2,4}?)(?:都|一共|总共|共|还|有没有|曾)*"
    rf"采?写(?:了|过|的)+(?:哪|几|多少|什么|{NOUN})"
)
TOPIC = re.compile("关于|有关|提到|提及|涉及|讲|写到|方面|介绍")
PAGE = re.compile(r"(?<![0-9.])第?([a-d]?[0-9]{1,2})版")
PRONOUN = re.compile("[他她它]")
NO_NAME = re.compile("[谁哪这那他她它们你我]|本报|媒体|报纸|记者|作者|文章|一期|最[新近]")
SUMMARY = re.compile(
    "总结|概括|概述|概要|归纳|摘要|缩[成写]|简述|梳理|主要内容|大意|要点|介绍一?下|"
    "^请?[你您]?(?:简单|简要|给我)*介绍.*[^,?。]$|"
    rf"(?:{NOUN}|[篇期版条则])[里中上]?(?:都|主要|大致|大概|具体)*"
    "[讲说写](?:的是|了|过)?些?(?:什么|啥)(?:内容|事情?)?(?:$|[?,。])"
)
SUMMED = re.compile(rf"{NOUN}|[篇则条版《]|[这那本新近一]期")
THIS_ISSUE = re.compile("[这本]一?期")
_FILLER = re.compile(
    "报道[里中上]?|报导|文章|稿[件子]|新闻|消息|报纸[里中上]?|记者|通讯员|作者|采写|撰写|执笔|写[的了过]|署名|"
    "哪[些几一位个篇期天版条种]+|什么|啥|多少[篇期条位名个]?|有没有|一共|总共|都有|还有|有几|几[篇期条个位名版份]|"
    "[这那][一]?[篇条则期个版些份张]|[这那]是|出版|本期|一期|第几|版面|头版|栏目|专栏|登载|登[在于的了过出]|刊[登发出]|见报|"
    "提到|提及|涉及|关于|有关|介绍|讲[的了述]|说[的了]|方面|相关|标题|题目|请问|各是|分别|叫什么|库[里中]|资料库?|"
    "收录|收了|日期|时候|何时|几月|几[日号]|里面|下面|列[出举]|所有|全部|放了|内容|主要|总结|概[括述要]|归纳|摘要|"
    "给我|告诉我|我想[知看]道?|帮我|一下|简述|梳理|缩[成写]|[用成]?[一二两三四五几]句话|大意|要点|名字|最[新近]|是谁|由谁|谁|各自|[你您]们?"
)
_SPLIT = re.compile(r"[的了吗呢吧么和与跟及、]|[^\w·]|_")
_EDGES = (
    re.compile("^[在由把是有讲说写登对请帮将按里都各叫](?=..)"),
    re.compile("(?<=..)[是有在里写登讲说叫由篇期版]$"),
)
_CHAT = {
    "你好！请问我报纸上的事，我按收录的报道回答，并注明出处。": (
        "[你您]们?好吗?|大家好|哈喽|嗨|早上好|早安|上午好|中午好|下午好|晚上好|晚安|在吗|在不在|\\bhi\\b|hello"
    ),
    "我是报纸问答助手：只按收录的各期报纸回答，每句话都注明出处；没有报道过的，我会说没有。": (
        "(?:[你您]|请问)+(?:到底)?是(?:不是)?(?:谁|什么人?|真人|机器人|人工智能|ai|干什么的|做什么的)吗?(?!模)|"
        "[你您](?:是|用的?是?)(?:基于|哪个|哪种|什么|哪家的?)+(?:语言)?大?(?:语言)?模型(?!\\w)|[你您]叫什么(?:名字)?|"
        "(?:[你您](?:都|还)?(?:能|会|可以)(?:帮我|为我|替我)?|(?:能|可以)(?:帮|为|替)我)(?:干|做)?(?:些|点)?(?:什么|啥)(?:事情?)?|"
        "[你您]有什么(?:功能|用处?|本领)|(?:请)?(?:自我介绍|介绍一?下?[你您]?自己)(?:一下)?|[你您]怎么用"
    ),
    "不客气。还想知道什么，请接着问。": (
        "(?:非常|十分|太|多)?(?:感谢|谢谢|谢)(?:[你您]们?|大家)?(?:的?(?:耐心|详细|精彩)?(?:的?(?:帮助|回答|解答|介绍|回复)))?|多谢|辛苦了?|"
        "[你您]?(?:(?:讲|说|回答|答|解释|写)得?)?(?:很|真|挺|非常|太|特别)?(?:好|清楚|详细|明白|不错|棒|厉害|有用)[的了]?|"
        "明白了|知道了|懂了|了解了?|[你您]的(?:帮助|回答)"
    ),
    "再见，欢迎再来问报纸上的事。": "再见|拜拜|回头见|下次见|\\bbye\\b|goodbye",
}
_PARTICLES = re.compile("^[啊呀呢吧哦喔啦嘛哈了的嗯]+$")


def topics(rest: str) -> list[str]:
    """The words of a question that are about a matter: two characters and more each."""
    pieces = _SPLIT.split(_FILLER.sub(" ", rest))
    for edge in _EDGES:
        pieces = [edge.sub("", edge.sub("", piece)) for piece in pieces]
    return [piece for piece in pieces if len(piece) > 1]


def is_summary(asked: str) -> bool:
    """Whether a question wants an article or an issue summed up."""
    if WHO.search(asked) or WHERE.search(asked):
        return False
    return bool(SUMMARY.search(asked) and SUMMED.search(asked))


def column(known: str) -> str:
    """The pattern of a column named: quoted, or one of those known (alternatives)."""
    return f"{_QUOTED}|({known}){_COLUMN}" if known else _QUOTED


def greeting(question: str) -> str | None:
    """The reply to a question that is nothing but chit-chat; None for any other."""
    rest = re.sub(r"\s+", " ", question.lower()).strip()
    found: list[str] = []
    # Who it is comes before hello: 你好，你是谁？ wants the second answered.
    for reply in sorted(_CHAT, key=lambda text: not text.startswith("我是")):
        rest, n = re.subn(_CHAT[reply], "，", rest)
        found += [reply] * bool(n)
    words = re.findall(r"\w+", rest)
    return found[0] if found and all(map(_PARTICLES.match, words)) else None


def terms(word: str) -> list[str]:
    """Latin words and figures as they are, Chinese by pairs of characters."""
    found: list[str] = []
    for piece in re.findall(r"[a-z0-9.]+|[^a-z0-9.]+", word):
        pairs = [piece[i : i + 2] for i in range(len(piece) - 1)]
        found += [piece] if piece[0] < "\x7f" or not pairs else pairs
    return found
