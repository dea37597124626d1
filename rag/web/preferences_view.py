"""The drawer of settings: what a visitor chooses of how answers are made and how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.config import Settings
from rag.models.unpack import ModelState
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
    return tag("button", "设置", type="button", class_="quiet", data_settings="open")


def drawer(settings: Settings, models: Sequence[ModelState]) -> Html:
    """The drawer, closed. models: the generators that could be in use."""
    return tag(
        "dialog",
        tag(
            "form",
            tag(
                "div",
                tag("h2", "设置"),
                tag("button", "关闭", type="button", class_="quiet", data_settings="close"),
                class_="top",
            ),
            _sources(settings),
            _choice(
                "length",
                "答案长短",
                {
                    name: (label, f"约 {round(tokens(name, settings) * CHARS, -1):.0f} 字内")
                    for name, (label, _) in LENGTHS.items()
                },
                USUAL_LENGTH,
                "模型最多写多长。写得越长，等得越久；资料里没有的，写长了也不会多出来。",
            ),
            _choice("theme", "外观", THEMES, "system", "只改这个浏览器里的颜色。"),
            _generators(settings, models),
            tag(
                "div",
                tag("p", "设置只存在这个浏览器里，从下一个问题起生效。"),
                tag("button", "恢复默认", type="button", class_="quiet", data_settings="usual"),
                class_="foot",
            ),
            method="dialog",
        ),
        class_="settings-drawer",
        aria_label="设置",
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
        aria_label="资料段数",
        aria_describedby="effect-sources",
    )
    usual = f"回答前读几段资料，默认 {settings.sources} 段。"
    said = f"{usual}多读几段更全，但更慢；少读更快，但可能有遗漏。"
    return _group(
        "资料段数",
        tag("div", field, tag("output", f"{settings.sources} 段"), class_="slide"),
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
            tag("span", said),
            tag("small", note) if note else NOTHING,
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
        said = "每一句都照样和原文核对。第一次用到的模型要先装入，会多等一会儿。"
        # the usual one has no name of its own: who never chose follows the settings
        choices = {"": (f"{usual}（默认）", note), **choices}
        return _choice("generator", "生成模型", choices, "", said, "choices stacked")
    used = next((one for one in models if _name(one) == settings.generator), None)
    others = [
        tag(
            "li",
            tag("span", one.model.title, class_="title"),
            tag("span", WHERE[one.where], class_="where"),
            tag("code", _how(one)),
        )
        for one in models
        if one is not used
    ]
    said = (
        "大的模型写得更通顺，但更慢。换模型要由管理这台机器的人重新启动；"
        "启动时用 RAG_GENERATORS 列出几个，大家就可以在这里选。"
    )
    title = tag("span", used.model.title if used else settings.generator, class_="title")
    return _group(
        "生成模型",
        tag("p", title, tag("span", "正在使用", class_="where"), class_="used"),
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
