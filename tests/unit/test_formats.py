"""Every form of file to articles; what is hostile or damaged is refused in one line."""

from __future__ import annotations

import random
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Settings
from rag.errors import CorpusError, UnreadableFile
from rag.index.build import build
from rag.ingest import archive as archive_module
from rag.ingest.columns import Fragment
from rag.ingest.layout import body_size, heading_sizes, page_lines
from rag.ingest.readers import SUFFIXES, find_issue, read_issue, read_issues
from rag.types import Article
from tests.support.examples import examples
from tests.support.fakes import HashEncoder
from tests.support.make_files import (
    BODY,
    BYLINE,
    CAPTION,
    GUTTER,
    HEADLINE,
    MARGIN,
    PARAGRAPHS,
    WIDTH,
    Sheet,
    newspaper,
    pack,
    paragraph,
    picture,
    story,
    web,
    web_story,
    word,
    wrap,
)

PAGE = f"# {HEADLINE}\n\n{BYLINE}\n\n" + "\n\n".join(PARAGRAPHS)


def read(tmp_path: Path, name: str, data: bytes | str) -> tuple[Article, ...]:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_issue(path).articles


def refusal(tmp_path: Path, name: str, data: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path, name, data)
    assert "\n" not in str(caught.value)
    return caught.value.reason


def body(article: Article) -> list[str]:
    """Paragraphs without captions."""
    return [p for p in article.text.split("\n") if p not in article.captions]


class TestPdf:
    @pytest.mark.parametrize(("columns", "deep"), [(1, 40), (2, 12), (3, 8), (4, 7)])
    def test_an_article_under_a_headline_across_columns(
        self, tmp_path: Path, columns: int, deep: int
    ):
        (article,) = read(tmp_path, "2024-05-01.pdf", newspaper(columns, deep))
        assert (article.headline, article.byline) == (HEADLINE, BYLINE)
        assert (article.reporters, article.correspondents) == (("甘棠",), ("苏木",))
        assert body(article) == list(PARAGRAPHS)
        assert article.captions == (CAPTION,)
        assert article.date == date(2024, 5, 1)

    def test_two_stories_one_above_the_other(self, tmp_path: Path):
        sheet = Sheet()
        sheet.put(HEADLINE, MARGIN, 70, 24)
        sheet.put(BYLINE, 220, 100)
        below = sheet.columns(PARAGRAPHS[:2], 130, 3, 6)
        sheet.put("白沙高新区为小企业开设共用实验室并免收首年租金", MARGIN, below + 50, 20)
        sheet.put("◎本报记者 桑榆", 250, below + 75)
        sheet.columns(PARAGRAPHS[2:], below + 100, 2, 12)
        first, second = read(tmp_path, "x.pdf", sheet.end())
        assert (body(first), body(second)) == (list(PARAGRAPHS[:2]), list(PARAGRAPHS[2:]))
        assert second.reporters == ("桑榆",)

    def test_stories_side_by_side_in_columns_of_other_heights(self, tmp_path: Path):
        sheet = Sheet()
        width = (WIDTH - 2 * MARGIN - GUTTER) / 2
        for i, (headline, name) in enumerate(
            [("云岭启用中试基地", "甘棠"), ("白沙免收租金", "桑榆")]
        ):
            x, y = MARGIN + i * (width + GUTTER), 80 + i * 3
            sheet.put(headline, x, y, 18 - 2 * i)
            sheet.put(f"◎本报记者 {name}", x, y + 25)
            for row, line in enumerate(wrap(PARAGRAPHS[i], width, BODY, 2)):
                sheet.put(line, x + 2 * BODY * (row == 0), y + 50 + 15 * row)
        first, second = read(tmp_path, "x.pdf", sheet.end())
        assert (first.headline, first.text) == ("云岭启用中试基地", PARAGRAPHS[0])
        assert (second.headline, second.text) == ("白沙免收租金", PARAGRAPHS[1])

    def test_paragraphs_that_only_a_gap_parts(self, tmp_path: Path):
        sheet, y = Sheet(), 80.0
        sheet.put(HEADLINE, MARGIN, 60, 20)
        full = "园区主任苏木说明年开工。" * 8  # every line of twelve characters ends in a full stop
        for text in (full, full[:60]):
            for line in wrap(text, 12 * BODY, BODY):
                sheet.put(line, MARGIN, y := y + 15)
            y += 15
        (article,) = read(tmp_path, "x.pdf", sheet.end())
        assert article.text.split("\n") == [full, full[:60]]

    def test_a_headline_of_two_lines_and_bold_by_printing_twice(self, tmp_path: Path):
        sheet = Sheet()
        for shift in (0, 0.3):
            sheet.put(HEADLINE[:9], MARGIN + shift, 60, 24)
            sheet.put(HEADLINE[9:], MARGIN + shift, 90, 24)
        sheet.columns(PARAGRAPHS, 130, 2, 12)
        (article,) = read(tmp_path, "x.pdf", sheet.end())
        assert article.headline == HEADLINE

    def test_a_mark_may_hang_into_the_gutter(self, tmp_path: Path):
        sheet = Sheet()
        sheet.put(HEADLINE, MARGIN, 60, 24)
        left = ["云岭科技园四月启用，", "首批企业三十二家入。", "驻总投资十八亿元由。"]
        right = ["园区补贴博士，公寓已", "经住满，食堂每天供应", "三餐，班车三条线路。"]
        for row, pair in enumerate(zip(left, right, strict=True)):
            for i, line in enumerate(pair):
                sheet.put(line, MARGIN + i * (9 * BODY + GUTTER), 100 + 15 * row)
        (article,) = read(tmp_path, "x.pdf", sheet.end())
        assert "".join(article.text.split("\n")) == "".join(left + right)

    def test_a_short_headline_over_the_middle_column_is_that_of_all(self, tmp_path: Path):
        sheet = Sheet()
        sheet.put("云岭启用", WIDTH / 2 - 40, 70, 20)
        sheet.columns(PARAGRAPHS, 100, 3, 8)
        (article,) = read(tmp_path, "x.pdf", sheet.end())
        assert (article.headline, body(article)) == ("云岭启用", list(PARAGRAPHS))

    def test_a_gap_between_words_is_a_space(self, tmp_path: Path):
        sheet = Sheet()
        sheet.put("云岭启用中试基地", MARGIN, 60, 20)
        for i, word_ in enumerate(["◎本报记者", "甘棠"]):
            sheet.put(word_, MARGIN + i * 5.4 * BODY, 80)
        sheet.columns(PARAGRAPHS[:1], 100, 2, 12)
        (article,) = read(tmp_path, "x.pdf", sheet.end())
        assert article.byline == "◎本报记者 甘棠"

    def test_pages_follow_each_other_and_watermarks_are_left_out(self, tmp_path: Path):
        sheet = Sheet()
        sheet.put(HEADLINE, MARGIN, 60, 24)
        sheet.columns(PARAGRAPHS[:1], 100, 1, 40)
        sheet.canvas.rotate(45)
        sheet.put("内部资料", 300, 700, 40)
        sheet.canvas.showPage()
        sheet.columns(PARAGRAPHS[1:], 100, 1, 40)
        (article,) = read(tmp_path, "x.pdf", sheet.end())
        assert body(article) == list(PARAGRAPHS)

    def test_a_picture_is_refused(self, tmp_path: Path):
        assert refusal(tmp_path, "x.pdf", picture()) == "no text layer; run OCR first"

    @pytest.mark.parametrize("password", ["", "secret"])
    def test_an_encrypted_one_is_refused(self, tmp_path: Path, password: str):
        sheet = Sheet(password)
        sheet.put(HEADLINE, MARGIN, 60)
        assert refusal(tmp_path, "x.pdf", sheet.end()).startswith("encrypted; save it without")

    def test_too_many_pages_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("rag.ingest.pdf.MAX_PAGES", 1)
        sheet = Sheet()
        sheet.canvas.showPage()
        sheet.put(HEADLINE, MARGIN, 60)
        assert refusal(tmp_path, "x.pdf", sheet.end()) == "more than 1 pages; split it"

    def test_too_many_characters_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("rag.ingest.pdf.MAX_CHARACTERS", 100)
        assert "more than 100 characters" in refusal(tmp_path, "x.pdf", newspaper(2, 12))


class TestWord:
    def test_styles_are_headings_and_captions(self, tmp_path: Path):
        (article,) = read(tmp_path, "2024-05-01.docx", word(story()))
        assert (article.headline, article.byline) == (HEADLINE, BYLINE)
        assert (body(article), article.captions) == (list(PARAGRAPHS), (CAPTION,))

    def test_headings_of_own_make_and_a_title_over_headlines(self, tmp_path: Path):
        data = word(
            paragraph("云岭报要闻", "a3")
            + story()
            + paragraph("人才政策", "own")
            + paragraph(PARAGRAPHS[0])
        )
        (tmp_path / "x.docx").write_bytes(data)
        issue = read_issue(tmp_path / "x.docx")
        assert (issue.title, issue.furniture) == ("云岭报要闻", ("云岭报要闻",))
        assert [s.heading for s in issue.articles[0].sections] == ["人才政策", ""]

    def test_a_title_alone_is_the_headline(self, tmp_path: Path):
        data = word(paragraph(HEADLINE, "a3") + paragraph(BYLINE) + paragraph(PARAGRAPHS[0]))
        assert read(tmp_path, "x.docx", data)[0].headline == HEADLINE

    def test_cells_are_lines_and_deleted_text_is_none(self, tmp_path: Path):
        row = "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in ("企业：", "32家。"))
        moved = "<w:p><w:moveFrom><w:r><w:t>旧文</w:t></w:r></w:moveFrom><w:r><w:t>新文。</w:t></w:r></w:p>"
        deleted = "<w:p><w:del><w:r><w:delText>删去</w:delText></w:r></w:del></w:p>"
        data = word(paragraph("概况", "1") + f"<w:tbl><w:tr>{row}</w:tr></w:tbl>{moved}{deleted}")
        assert read(tmp_path, "x.docx", data)[0].text == "企业：\n32家。\n新文。"

    def test_a_text_box_is_read_once(self, tmp_path: Path):
        box = f"<w:txbxContent>{paragraph('框中文字。')}</w:txbxContent>"
        both = f"<w:p><w:r><Choice>{box}</Choice><Fallback>{box}</Fallback><w:t>正文。</w:t></w:r></w:p>"
        assert read(tmp_path, "x.docx", word(both))[0].text == "框中文字。\n正文。"

    def test_nesting_without_end(self, tmp_path: Path):
        deep = "<w:sdt>" * 100_000 + paragraph("正文。") + "</w:sdt>" * 100_000
        data = word(deep, parts={"word/media/a.bin": random.Random(0).randbytes(50_000)})
        assert read(tmp_path, "x.docx", data)[0].text == "正文。"

    def test_entities_do_not_grow(self, tmp_path: Path):
        laughs = '<!ENTITY a0 "哈">' + "".join(
            f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)
        )
        data = word(paragraph("&a11;"), f"<!DOCTYPE d [{laughs}]>")
        assert refusal(tmp_path, "x.docx", data).startswith("the document is damaged")
        harmless = word(paragraph("&a;"), '<!DOCTYPE d [<!ENTITY a "哈">]>')
        assert refusal(tmp_path, "x.docx", harmless).startswith("the document is damaged")

    def test_no_outside_file_is_read(self, tmp_path: Path):
        (tmp_path / "secret").write_text("秘密")
        head = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
        assert "damaged" in refusal(tmp_path, "x.docx", word(paragraph("&x;"), head))

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"\xd0\xcf\x11\xe0" + bytes(600), "encrypted, or an old .doc"),
            (pack({"a.txt": "x"}), "no Word document in it"),
            (pack({"_rels/.rels": "<Relationships/>"}), "no Word document in it"),
            (b"text", "the archive is damaged"),
        ],
    )
    def test_what_is_none_is_refused(self, tmp_path: Path, data: bytes, reason: str):
        assert reason in refusal(tmp_path, "x.docx", data)


class TestHtml:
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    @pytest.mark.parametrize("ending", [".html", ".HTM"])
    def test_the_article_and_its_facts(self, tmp_path: Path, encoding: str, ending: str):
        (article,) = read(tmp_path, f"x{ending}", web_story().encode(encoding))
        assert (article.headline, article.byline) == (HEADLINE, BYLINE)
        assert (body(article), article.captions) == (list(PARAGRAPHS), ("↑中试基地内景",))
        assert (article.date, article.paper) == (date(2024, 5, 1), "云岭报")

    def test_the_author_in_the_head_is_the_byline_of_an_article_without(self, tmp_path: Path):
        page = web(
            f"<h1>{HEADLINE}</h1><p>{PARAGRAPHS[0]}</p>", "<meta name=author content='甘棠'>"
        )
        (article,) = read(tmp_path, "x.html", page)
        assert (article.byline, article.reporters) == ("甘棠", ("甘棠",))

    def test_facts_of_the_head_are_not_those_of_several_articles(self, tmp_path: Path):
        one = f"<article><h1>{HEADLINE}</h1><p>{BYLINE}</p><p>{PARAGRAPHS[0]}</p></article>"
        page = web(one * 2, "<meta name=date content=2024-05-01><meta name=source content=云岭报>")
        articles = read(tmp_path, "x.html", page)
        assert [(a.date, a.paper) for a in articles] == [(None, "")] * 2

    def test_lines_are_as_a_browser_shows_them(self, tmp_path: Path):
        page = web(
            "<h2>云岭科技园<br>迎来首批企业</h2>\n<div>首批&nbsp;<b>32</b>\n家企业\n入驻&lt;园区&gt;。<br>二期"
            "明年开工。<ul><li>厂房；<li>公寓。</ul><p hidden>暗</p><p style='display: none'>暗</p></div>"
        )
        (article,) = read(tmp_path, "x.html", page)
        assert article.headline == "云岭科技园迎来首批企业"
        assert article.text == "首批 32 家企业入驻<园区>。\n二期明年开工。\n厂房；\n公寓。"

    def test_what_is_around_the_article_is_left_out(self, tmp_path: Path):
        around = "<header>首页</header><nav>要闻</nav><aside>排行</aside><footer>版权</footer>"
        assert read(tmp_path, "x.html", web(f"{around}<p>正文。</p>{around}"))[0].text == "正文。"

    @pytest.mark.parametrize("depth", [10_000, pytest.param(100_000, marks=pytest.mark.long)])
    def test_nesting_without_end(self, tmp_path: Path, depth: int):
        assert read(tmp_path, "x.html", "<div>" * depth + "正文。")[0].text == "正文。"

    def test_a_page_of_scripts_alone_is_refused(self, tmp_path: Path):
        assert "no article in it" in refusal(tmp_path, "x.html", web("<script>1</script>").encode())


class TestZip:
    @pytest.fixture
    def mixed(self, tmp_path: Path) -> Path:
        """A corpus with one archive of every form."""
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        members = {
            "a.txt": PAGE.encode("gb18030"),
            "sub/b.pdf": newspaper(2, 12),
            "c.docx": word(story()),
            "d.html": web_story(),
            "e.jsonl": '{"text": "一句。"}',
            "__MACOSX/._a.txt": b"\0",
            ".DS_Store": b"\0",
            "x.exe": b"MZ",
            "scan.pdf": picture(),
            "inner.zip": pack({"a.txt": PAGE}),
        }
        (corpus / "2024-05-01.zip").write_bytes(pack(members))
        return corpus

    def test_every_member_is_an_issue(self, mixed: Path):
        issues, unreadable = read_issues(mixed / "2024-05-01.zip", mixed)
        assert [(i.id, i.source) for i in issues] == [
            ("2024-05-01/a", "2024-05-01.zip/a.txt"),
            ("2024-05-01/sub/b", "2024-05-01.zip/sub/b.pdf"),
            ("2024-05-01/c", "2024-05-01.zip/c.docx"),
            ("2024-05-01/d", "2024-05-01.zip/d.html"),
            ("2024-05-01/e", "2024-05-01.zip/e.jsonl"),
        ]
        assert {i.articles[0].date for i in issues} == {date(2024, 5, 1)}
        assert [item.source.partition("/")[2] for item in unreadable] == [
            "x.exe",
            "scan.pdf",
            "inner.zip",
        ]
        assert [item.reason.split(";")[0] for item in unreadable] == [
            "unknown form .exe",
            "no text layer",
            "an archive in an archive",
        ]

    def test_the_index_takes_them_in(self, mixed: Path, tmp_path: Path):
        manifest = build(Settings(corpus=mixed, index=tmp_path / "index"), HashEncoder())
        assert (manifest.issues, len(manifest.unreadable)) == (5, 3)

    def test_an_issue_of_an_archive_is_found_by_its_id(self, mixed: Path):
        assert find_issue("2024-05-01/sub/b", mixed).articles[0].headline == HEADLINE
        for source in ("2024-05-01", str(mixed / "2024-05-01.zip")):
            with pytest.raises(CorpusError, match="holds 5 issues; name one by its id"):
                find_issue(source, mixed)
        with pytest.raises(CorpusError, match="no file and no issue"):
            find_issue("2024-05-01/none", mixed)

    def test_an_archive_of_one_is_that_issue(self, tmp_path: Path):
        (tmp_path / "a.zip").write_bytes(pack({"x.md": PAGE}))
        assert find_issue("a", tmp_path).id == "a/x"
        (tmp_path / "a.zip").write_bytes(pack({"x.md": b""}))
        with pytest.raises(UnreadableFile, match="empty"):
            find_issue("a", tmp_path)

    @pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
    def test_chinese_names_that_are_not_marked(self, tmp_path: Path, encoding: str):
        name = "五一/要闻.txt"
        data = pack({"x" * len(name.encode(encoding)): PAGE})
        data = data.replace(b"x" * len(name.encode(encoding)), name.encode(encoding))
        (tmp_path / "a.zip").write_bytes(data)
        ((issue,), _none) = read_issues(tmp_path / "a.zip", tmp_path)
        assert issue.id == "a/五一/要闻"

    @pytest.mark.parametrize(
        "name", ["../a.md", "/a.md", "x/../../a.md", "..\\a.md", "C:\\a.md", "a\x1b[2J.md"]
    )
    def test_names_that_lead_elsewhere(self, tmp_path: Path, name: str):
        assert self.reasons(tmp_path, pack({name: PAGE}))[0].startswith("a name that leads out")

    def test_too_many_members(self, tmp_path: Path):
        (reason,) = self.reasons(tmp_path, pack({f"{i}.md": "x" for i in range(501)}))
        assert reason == "more than 500 members; split the archive"

    def test_a_directory_without_end_is_not_read(self, tmp_path: Path):
        (reason,) = self.reasons(tmp_path, pack({f"{i}": "" for i in range(20_001)}))
        assert reason == "more than 500 members; split the archive"

    def test_too_much_unpacked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(archive_module, "MAX_UNPACKED", 2_000_000)
        stored = pack({f"{i}.md": bytes(1_000_000) for i in range(3)}, zipfile.ZIP_STORED)
        assert self.reasons(tmp_path, stored) == ["more than 2 MB unpacked; split the archive"]

    def test_a_bomb_is_not_unpacked(self, tmp_path: Path):
        (reason,) = self.reasons(tmp_path, pack({"a.md": b"a" * 20_000_000}))
        assert reason.startswith("packed more than 200 times")

    def test_a_member_that_lies_about_its_size(self, tmp_path: Path):
        size = (20_000_000).to_bytes(4, "little")
        data = pack({"a.md": b"a" * 20_000_000}).replace(size, (900).to_bytes(4, "little"))
        assert self.reasons(tmp_path, data) == ["the archive is damaged here; pack it anew"]

    def test_an_encrypted_member(self, tmp_path: Path):
        data = bytearray(pack({"a.md": PAGE}))
        for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            data[data.index(sign) + flags] |= 1
        assert self.reasons(tmp_path, bytes(data)) == ["encrypted; pack it anew without a password"]

    def test_an_unusual_compression(self, tmp_path: Path):
        data = pack({"a.md": PAGE}, zipfile.ZIP_LZMA)
        assert self.reasons(tmp_path, data)[0].startswith("an unusual compression")

    def test_an_archive_of_nothing(self, tmp_path: Path):
        assert self.reasons(tmp_path, pack({".x": ""}))[0].startswith("no page in it")

    def test_an_archive_is_no_single_issue(self, tmp_path: Path):
        assert "name one of them" in refusal(tmp_path, "a.zip", pack({"a.md": PAGE}))

    @staticmethod
    def reasons(tmp_path: Path, data: bytes) -> list[str]:
        (tmp_path / "a.zip").write_bytes(data)
        issues, unreadable = read_issues(tmp_path / "a.zip", tmp_path)
        assert not issues
        return [item.reason for item in unreadable]


def test_a_large_file_is_refused(tmp_path: Path):
    path = tmp_path / "a.md"
    with path.open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(UnreadableFile, match="larger than 50 MB; split it"):
        read_issue(path)


VALID = {
    ".md": PAGE.encode(),
    ".txt": PAGE.encode("gb18030"),
    ".jsonl": '{"id": "a", "text": "一句。"}\n'.encode(),
    ".html": web_story().encode(),
    ".htm": web_story().encode("gb18030"),
    ".pdf": newspaper(3, 8),
    ".docx": word(story()),
    ".zip": pack({"a.txt": PAGE, "b.docx": word(story()), "c.pdf": newspaper(2, 12)}),
}


def test_every_form_is_among_the_valid_ones():
    assert set(VALID) == SUFFIXES


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


def read_or_refused(scratch: Path, suffix: str, data: bytes) -> None:
    path = scratch / f"x{suffix}"
    path.write_bytes(data)
    issues, unreadable = read_issues(path, scratch)
    assert issues or unreadable
    for item in unreadable:
        assert "\n" not in item.reason
        assert ";" in item.reason, "the reason and the remedy"


@given(st.sampled_from(sorted(SUFFIXES)), st.binary(max_size=300))
def test_random_bytes(scratch: Path, suffix: str, data: bytes):
    read_or_refused(scratch, suffix, data)


@given(st.sampled_from(sorted(SUFFIXES)), st.data())
@examples(200)
def test_truncated_and_flipped(scratch: Path, suffix: str, data: st.DataObject):
    valid = bytearray(VALID[suffix])
    for _flip in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(valid) - 1))
        valid[at] ^= 1 << data.draw(st.integers(0, 7))
    read_or_refused(scratch, suffix, bytes(valid[: data.draw(st.integers(0, len(valid)))]))


@given(
    st.lists(
        st.sampled_from("div p h1 h2 article main figcaption br table td li header script".split()),
        max_size=30,
    ),
    st.text(max_size=20),
)
def test_any_tags(scratch: Path, tags: list[str], text: str):
    page = "".join(f"<{tag}>{text}" if i % 3 else f"</{tag}>" for i, tag in enumerate(tags))
    read_or_refused(scratch, ".html", page.encode("utf-8", "replace"))


@given(
    st.lists(
        st.tuples(
            st.floats(-1e4, 1e4),
            st.floats(-1e4, 1e4),
            st.floats(0.1, 500),
            st.text("园区3a。 ", min_size=1, max_size=5),
        ),
        max_size=40,
    )
)
def test_lines_hold_what_is_printed_wherever_it_stands(
    places: list[tuple[float, float, float, str]],
):
    characters = [
        Fragment(character, x + i * size, x + (i + 1) * size, y, size)
        for x, y, size, text in places
        for i, character in enumerate(text)
    ]
    em = body_size(characters)
    lines = page_lines(characters, em, heading_sizes(characters, em))
    printed = {character for _x, _y, _size, text in places for character in text}
    assert set("".join(lines)) - set("# \u3000") == printed - {" "}
