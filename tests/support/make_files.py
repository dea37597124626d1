"""Small PDF, Word, HTML and zip files of invented parks, made as other programs make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
BODY = 10.0
GUTTER = 14.0
WIDTH, HEIGHT, MARGIN = 600.0, 800.0, 40.0

HEADLINE = "云岭科技园迎来首批企业入驻并启用中试基地"
BYLINE = "◎本报记者 甘棠 通讯员 苏木"
CAPTION = "图为云岭科技园的中试基地。本报制图"
PARAGRAPHS = (
    "云岭科技园4月启用，首批入驻企业32家，总投资18亿元。园区主任苏木说，二期工程明年开工，"
    "届时厂房面积将增加到26万平方米，可以再容纳50家企业。",
    "园区为博士提供每月3000元补贴，已有57人领取。人才公寓共有860套，第一批420套已经住满，"
    "第二批将在秋天交付。园区食堂每天供应三餐，班车开往三条地铁线路。",
    "中试基地占地120亩，可以同时开展9条产线的试验。基地由白沙大学运营，对外收费按成本计算，"
    "第一年接待了41家企业，其中29家来自外地。",
)


def wrap(text: str, width: float, size: float, indent: int = 0) -> list[str]:
    """Lines of full-width characters; `indent` characters are left free in the first."""
    fits, lines, room = int(width / size), [], int(width / size) - indent
    while text:
        lines.append(text[:room])
        text, room = text[room:], fits
    return lines


class Sheet:
    """A PDF on which text is put at its place."""

    def __init__(self, password: str | None = None, owner: str = "") -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
        self._file = io.BytesIO()
        locked = None
        if password is not None:
            locked = StandardEncryption(password, ownerPassword=owner or "owner", canCopy=0)
        self.canvas = Canvas(self._file, (WIDTH, HEIGHT), encrypt=locked)

    def put(self, text: str, x: float, y: float, size: float = BODY) -> None:
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(x, HEIGHT - y, text)

    def columns(
        self, paragraphs: Iterable[str], top: float, count: int, deep: int, indent: int = 2
    ) -> float:
        """Paragraphs in columns of `deep` lines; where the lowest line stands."""
        width = (WIDTH - 2 * MARGIN - (count - 1) * GUTTER) / count
        lines = [
            (line, indent * BODY if first == 0 else 0.0)
            for paragraph in paragraphs
            for first, line in enumerate(wrap(paragraph, width, BODY, indent))
        ]
        assert len(lines) <= count * deep, f"{len(lines)} lines do not fit"
        for i, (line, shift) in enumerate(lines):
            column, row = divmod(i, deep)
            self.put(line, MARGIN + column * (width + GUTTER) + shift, top + row * 1.5 * BODY)
        return top + min(deep, len(lines)) * 1.5 * BODY

    def end(self) -> bytes:
        self.canvas.save()
        return self._file.getvalue()


def newspaper(columns: int, deep: int) -> bytes:
    """A headline across all columns, a centred byline, the body, a caption below."""
    sheet = Sheet()
    sheet.put(HEADLINE, MARGIN, 70, 24)
    sheet.put(BYLINE, 220, 100)
    bottom = sheet.columns(PARAGRAPHS, 130, columns, deep)
    sheet.put(CAPTION, MARGIN, bottom + 20, 8)
    return sheet.end()


def picture() -> bytes:
    """A scanned page: strokes and no text."""
    sheet = Sheet()
    sheet.canvas.rect(50, 50, 300, 300, fill=1)
    return sheet.end()


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
# Word in Chinese numbers its styles and gives their names in English.
STYLES = (
    f'<w:styles xmlns:w="{W}">'
    '<w:style w:styleId="1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:styleId="a3"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="a4"><w:name w:val="caption"/></w:style>'
    '<w:style w:styleId="own"><w:name w:val="报纸小题"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>'
    "</w:style></w:styles>"
)


def paragraph(text: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word(body: str, head: str = "", parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """A .docx of paragraphs. head: what stands before the document element."""
    document = f'{head}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return pack(
        {
            "_rels/.rels": RELATIONS,
            "word/document.xml": document,
            "word/styles.xml": STYLES,
            **(parts or {}),
        }
    )


def story() -> str:
    """The invented article as Word's paragraphs."""
    lines = [paragraph(HEADLINE, "1"), paragraph(BYLINE)]
    return "".join([*lines, *map(paragraph, PARAGRAPHS), paragraph(CAPTION, "a4")])


def web(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def web_story() -> str:
    """The invented article as a site shows it, among what is not of it."""
    text = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
    return web(
        "<header><a>首页</a></header><nav><ul><li>要闻</li></ul></nav>"
        f"<article><h1>{HEADLINE}</h1><p>{BYLINE}</p>{text}"
        "<figure><img src='http://localhost:9/x.png'><figcaption>中试基地内景</figcaption></figure>"
        "<script>document.write('脚本')</script></article>"
        "<aside><p>热门新闻排行</p></aside><footer>版权所有</footer>",
        "<title>首批企业入驻_云岭报</title><style>p {color: red}</style>"
        "<meta name='PubDate' content='2024/05/01 08:00'><meta name='source' content='云岭报'>",
    )


def pack(
    members: Mapping[str, str | bytes] | Sequence[tuple[str, bytes]],
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A zip in memory."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in dict(members).items():
            archive.writestr(name, data)
    return file.getvalue()
