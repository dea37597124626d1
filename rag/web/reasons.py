"""Why a file could not be read or taken in, in the page's language.

The messages of this program are in English; what a reader of the page may meet is said in
Chinese here. One that is not known is shown as it came.
"""

from __future__ import annotations

import re

from rag.errors import CorpusError, UnreadableFile

_SAID = (
    (r"the file is empty; .*", "文件是空的；请写入文字，或移走它"),
    (r"no (article|page) in it; .*", "里面没有文章；请写入文字，或移走它"),
    (r"unknown form \(no ending\); use (.+)", r"文件名没有后缀；能读的是 \1"),
    (r"unknown form (\S+); use (.+)", r"不认得 \1 这种文件；请换成 \2"),
    (r"larger than (\d+) MB; split it", r"超过 \1 MB；请拆成几个文件"),
    (r"cannot be read \((.*)\); check it", r"打不开（\1）；请检查这个文件"),
    (r"the name is not UTF-8; rename it", "文件名不是 UTF-8 编码；请改名"),
    (r"the folder cannot be listed; .*", "文件夹打不开；请检查权限"),
    (r"a link to a folder is not followed; .*", "指向文件夹的链接不读；请把文件夹复制进来"),
    (r"the encoding is not known; .*", "文字编码不明；请另存为 UTF-8 或 GB18030"),
    (r"this is a binary file, not text; .*", "不是文字文件；请移走它，或转成 .md"),
    (r"line (\d+) has no text; .*", r"第 \1 行没有文字；请补上，或删去这一行"),
    (r"line (\d+) is not an object; .*", r"第 \1 行不是 JSON 对象；请改正"),
    (r"line (\d+) is not JSON; .*", r"第 \1 行不是 JSON；请改正"),
    (r"no Word document in it; .*", "里面没有 Word 文档；请重新存为 .docx"),
    (r"encrypted, or an old \.doc; .*", "有密码，或是旧式 .doc；请去掉密码，存为 .docx"),
    (r"the document is damaged; .*", "文档已损坏；请重新存为 .docx"),
    (r"the PDF is damaged; .*", "PDF 已损坏；请重新存一份"),
    (r"no text layer; .*", "是扫描件，没有文字；请先做文字识别（OCR）"),
    (r"its fonts do not say .*", "字体没有说明是哪些字；请先做文字识别（OCR）"),
    (r"encrypted; save it .*", "有密码或受保护；请另存一份不加密的"),
    (r"more than (\d+) pages; split it", r"超过 \1 页；请拆成几个文件"),
    (r"more than (\d+) characters; split it", r"超过 \1 字；请拆成几个文件"),
    (r"an archive in an archive; .*", "压缩包里还有压缩包；请先解开"),
    (r"an archive may hold several issues; .*", "压缩包里可能有几期；请指明一期"),
    (r"the archive is damaged( here)?; .*", "压缩包已损坏；请重新打包"),
    (r"more than (\d+) members; .*", r"压缩包里超过 \1 个文件；请拆成几个"),
    (r"more than (\d+) MB unpacked; .*", r"解开后超过 \1 MB；请拆成几个"),
    (r"packed more than (\d+) times.*", r"压缩了 \1 倍以上，像是压缩炸弹；请重新打包"),
    (r"encrypted; pack it .*", "压缩包有密码；请去掉密码重新打包"),
    (r"an unusual compression; .*", "压缩方式少见；请打成普通的 zip"),
    (r"a name that leads out of the archive.*", "文件名指向压缩包之外，或印不出来；请改名"),
    (r"the name is taken by .*", "资料文件夹里有同名的文件夹或链接；请改名"),
    (r"(.*) is in the corpus already; .*", r"资料库里已有另一个 \1；要替换请确认"),
    (r"(.*) cannot be written \((.*)\); .*", r"\1 写不进资料文件夹（\2）；请检查它的权限和空间"),
    (r"no file (.*) in the corpus; .*", r"资料库里已没有 \1；请重新打开页面"),
    (r"(.*) is a link; put a folder in its place", r"\1 是一个链接；请换成文件夹"),
    (r"no corpus folder (.*); .*", r"没有资料文件夹 \1；请建一个"),
    (
        r"corpus folder (.*) cannot be listed \((.*)\); .*",
        r"资料文件夹 \1 打不开（\2）；请检查权限",
    ),
)
_KNOWN = tuple((re.compile(pattern, re.DOTALL), said) for pattern, said in _SAID)


def in_chinese(reason: str) -> str:
    """A reason with its remedy; the same where it is not known."""
    for pattern, said in _KNOWN:
        if match := pattern.fullmatch(reason):
            return match.expand(said)
    return reason


def told(error: CorpusError) -> str:
    """An error in one line of Chinese."""
    if isinstance(error, UnreadableFile):
        return f"{error.path}：{in_chinese(error.reason)}。"
    return f"{in_chinese(str(error))}。"
