"""The drawer of settings: what a visitor chooses of how answers are made and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.config import Settings
from rag.models.unpack import ModelState
from rag.web.language import NAMES, language, words
from rag.web.markup import NOTHING, Html, tag

MOST_SOURCES = 8
LENGTHS = {"short": ("简短", 0.5), "medium": ("适中", 1.0), "long": ("详细", 2.0)}
"""What each length is called, and its share of the answer tokens of the settings."""
USUAL_LENGTH = "medium"
THEMES = {"system": ("跟随系统", ""), "light": ("浅色", ""), "dark": ("深色", "")}
CHARS = 1.5
"""Chinese characters of a token, about."""
GENERATORS = {
    "bundled": "最快；两个核心上一次回答约 2 秒",
    "bundled-large": "写得更通顺、更准，但一次回答要等约四倍的时间",
}
"""What it means to choose one, by its name in the settings."""
ANOTHER = "管理员另加的模型；越大写得越好，也越慢"
WHERE = {
    "unpacked": "已就绪",
    "packages": "已安装，第一次用时解包",
    "damaged": "有损坏，下次用时重新解包",
    "absent": "没有安装",
}


def tokens(length: str, settings: Settings) -> int:
    """The longest answer, in tokens, within the bounds of the setting."""
    return max(16, min(round(settings.answer_tokens * LENGTHS[length][1]), 2048))


def most_sources(settings: Settings) -> int:
    """The most passages that a visitor may have read."""
    return max(MOST_SOURCES, settings.sources)


def opener() -> Html:
    """The button in the masthead."""
    return tag("button", words("设置"), type="button", class_="quiet", data_settings="open")


def drawer(settings: Settings, models: Sequence[ModelState]) -> Html:
    """The drawer, closed. models: the generators that could be in use."""
    return tag(
        "dialog",
        tag(
            "form",
            tag(
                "div",
                tag("h2", words("设置")),
                tag("button", words("关闭"), type="button", class_="quiet", data_settings="close"),
                class_="top",
            ),
            _sources(settings),
            _choice(
                "length",
                words("答案长短"),
                {
                    name: (
                        label,
                        words(
                            "约 {chars:.0f} 字内", chars=round(tokens(name, settings) * CHARS, -1)
                        ),
                    )
                    for name, (label, _) in LENGTHS.items()
                },
                USUAL_LENGTH,
                words("模型最多写多长。写得越长，等得越久；资料里没有的，写长了也不会多出来。"),
            ),
            _choice(
                "language",
                words("界面语言"),
                {one: (name, "") for one, name in NAMES.items()},
                language(),
                words("只改界面上的文字；报道和回答还是中文。"),
            ),
            _choice("theme", words("外观"), THEMES, "system", words("只改这个浏览器里的颜色。")),
            _generators(settings, models),
            tag(
                "div",
                tag("p", words("设置只存在这个浏览器里，从下一个问题起生效。")),
                tag(
                    "button",
                    words("恢复默认"),
                    type="button",
                    class_="quiet",
                    data_settings="usual",
                ),
                class_="foot",
            ),
            method="dialog",
        ),
        class_="settings-drawer",
        aria_label=words("设置"),
    )


def _sources(settings: Settings) -> Html:
    field = tag(
        "input",
        type="range",
        name="sources",
        min=1,
        max=most_sources(settings),
        step=1,
        value=settings.sources,
        aria_label=words("资料段数"),
        aria_describedby="effect-sources",
    )
    said = words(
        "回答前读几段资料，默认 {n} 段。多读几段更全，但更慢；少读更快，但可能有遗漏。",
        n=settings.sources,
    )
    return _group(
        words("资料段数"),
        tag(
            "div",
            field,
            tag("output", words("{n} 段", n=settings.sources)),
            class_="slide",
        ),
        tag("p", said, class_="effect", id="effect-sources"),
    )


def _choice(
    name: str,
    label: str,
    choices: Mapping[str, tuple[str, str]],
    usual: str,
    effect: str,
    kind: str = "choices",
) -> Html:
    items = [
        tag(
            "label",
            tag("input", type="radio", name=name, value=value, checked=value == usual),
            tag("span", words(said)),
            tag("small", words(note)) if note else NOTHING,
        )
        for value, (said, note) in choices.items()
    ]
    return _group(label, tag("div", *items, class_=kind), tag("p", effect, class_="effect"))


def _generators(settings: Settings, models: Sequence[ModelState]) -> Html:
    """The generators to choose from; where there is but one, how another could be had."""
    if len(settings.offered) > 1:
        titles = {_name(one): one.model.title for one in models}
        choices = {
            name: (titles.get(name, name), GENERATORS.get(name, ANOTHER))
            for name in settings.offered
        }
        usual, note = choices.pop(settings.generator)
        said = words("每一句都照样和原文核对。第一次用到的模型要先装入，会多等一会儿。")
        # the usual one has no name of its own: who never chose follows the settings
        choices = {"": (words("{model}（默认）", model=usual), note), **choices}
        return _choice("generator", words("生成模型"), choices, "", said, "choices stacked")
    used = next((one for one in models if _name(one) == settings.generator), None)
    others = [
        tag(
            "li",
            tag("span", one.model.title, class_="title"),
            tag("span", words(WHERE[one.where]), class_="where"),
            tag("code", _how(one)),
        )
        for one in models
        if one is not used
    ]
    said = words(
        "大的模型写得更通顺，但更慢。换模型要由管理这台机器的人重新启动；"
        "启动时用 RAG_GENERATORS 列出几个，大家就可以在这里选。"
    )
    title = tag("span", used.model.title if used else settings.generator, class_="title")
    return _group(
        words("生成模型"),
        tag("p", title, tag("span", words("正在使用"), class_="where"), class_="used"),
        tag("ul", *others, class_="others") if others else NOTHING,
        tag("p", said, class_="effect"),
    )


def _name(found: ModelState) -> str:
    """What the setting `generator` calls it."""
    return "bundled-large" if found.model.extra == "large" else "bundled"


def _how(found: ModelState) -> str:
    """What to run, and before it what to install."""
    wanted = f"RAG_GENERATOR={_name(found)} rag chat"
    return f"{found.model.install} && {wanted}" if found.where == "absent" else wanted


def _group(label: str, *children: Html) -> Html:
    return tag("fieldset", tag("legend", label), *children)
