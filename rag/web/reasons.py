"""What went wrong, and the remedy, in the page's language.

The messages of this program are in English; what a reader of the page may meet is said in
Chinese here, where the page is in Chinese. One that is not known is shown as it came.
"""

from __future__ import annotations

import re

from rag.errors import CorpusError, UnreadableFile
from rag.web.language import ENGLISH, language, words

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
_ERRORS = (
    (r"the index and the models are still being opened; .*", "索引和模型还在打开；请稍等"),
    (r"nothing to index in (.*?); .*", r"\1 里还没有能读的报纸；请放入几期"),
    (r"no index in .*", "还没有建索引；放入报纸后会自动建"),
    (r"no article (\S+) in the index; .*", "这篇文章已不在索引里；请再问一次"),
    (r"another build is at work in .*", "另一处正在更新索引；等它做完会接着来"),
    (r"cannot write the index in (.*?): (.*); .*", r"索引写不进 \1（\2）；请腾出空间，或检查权限"),
    (r"cannot read the index in (.*?): (.*); check it", r"索引读不了：\1（\2）；请检查"),
    (r"no generation to go back to .*", "没有更早的索引可以退回；请重新建库"),
    (r".* is of format \d+, this program reads \d+; .*", "索引是别的版本写的；会自动重建"),
    (r"the index in .* was built with encoder .*", "索引是用别的编码模型建的；会自动重建"),
    (r"the index in .* holds vectors of .*", "索引是用别的编码模型建的；会自动重建"),
    (r"the new index does not find .*", "新索引没有通过检查，仍用原来的；请运行 rag build --full"),
    (r"(.*) reads otherwise than .*", r"\1 读出来的和写进去的不同；请检查磁盘"),
    (r"(\S+) is corrupted; .*", r"索引文件 \1 坏了；会自动重建"),
    (r"(\S+) is missing(: half-written)?; run `rag.*", r"索引文件 \1 不见了；会自动重建"),
    (r"(.*) (?:cannot be loaded|cannot be read) \(.*\); run `rag.*", r"\1 打不开；会自动重建"),
    (r"(\S+) (?:cannot be read|names no generation); .*", r"\1 用不了；会自动重建"),
    (r".*(?:disagree in their counts|lacks articles?).*; .*", "索引不完整；会自动重建"),
    (r"the question is empty; .*", "请先写下问题"),
    (r"the question has (\d+) characters; (\d+) .*", r"问题有 \1 字，最多 \2 字；请缩短后再问"),
    (r"(\d+) questions a minute .* in (\d+) seconds", r"一分钟最多问 \1 个；请过 \2 秒再问"),
    (r"a prompt of \d+ tokens .*", "要读的段落太多，模型放不下；请在设置里少读几段"),
    (r"the generator failed: (.*); ask again", r"生成模型出错（\1）；请再问一次"),
    (r"(?:encoder|generator) (.*) has no chat template; .*", r"模型 \1 不是对话模型；请换一个"),
    (
        r"generator (.*) cannot be loaded \((.*)\); give a folder .*",
        r"模型 \1 打不开（\2）；请换成这台机器上有的文件夹，或连得上的 Hugging Face 模型",
    ),
    (
        r"generator (.*) cannot be loaded \((.*)\); delete .*",
        r"模型 \1 打不开（\2）；删掉它会重新解包",
    ),
    (r"(?:encoder|generator) (.*) cannot be (?:loaded|read) \((.*)\); .*", r"模型 \1 打不开（\2）"),
    (r"(.*) is not installed \(.*\) .*run: (.*)", r"没有装 \1；请运行 \2"),
    (r"(.*): package (.*) is missing; run: (.*)", r"\1 缺安装包 \2；请运行 \3"),
    (r"(\S+) is missing; run: (.*)", r"缺 \1；请运行 \2"),
    (
        r"(.*): (\d+) MB free, unpacking (.*) takes (\d+) MB; .*",
        r"\1 只剩 \2 MB，解开 \3 要 \4 MB；请腾出空间，或用 RAG_CACHE_DIR 换一个盘",
    ),
    (r"(.*): (.*); run: (.*)", r"\1 的文件不对；请运行 \3"),
    (r"(.*): (.*); delete it, it is downloaded again", r"\1 的文件不对；删掉它会重新下载"),
    (r"(.*): (.*); free space .*RAG_CACHE_DIR.*", r"\1 写不进去（\2）；请腾出空间或检查权限"),
    (r"(.*); delete (.*), it is made again\..*", r"模型文件坏了；删掉 \2 会重新解包"),
    (r"device cuda: .*", "没有可用的显卡；请设 RAG_DEVICE=cpu"),
    (r"the index is no longer kept up; .*", "索引不再自动更新；请看日志并重新启动"),
)
_CHOSEN = "; or choose another generator in the settings"
_KNOWN = tuple((re.compile(pattern, re.DOTALL), said) for pattern, said in (*_SAID, *_ERRORS))


def reason(message: str) -> str:
    """A message of this program, a reason with its remedy, in the language of the page.

    The same where it is not known.
    """
    if language() == ENGLISH:
        return message
    if message.endswith(_CHOSEN):
        return f"{reason(message.removesuffix(_CHOSEN))}；也可以在“设置”里换回默认的模型"
    for pattern, said in _KNOWN:
        if match := pattern.fullmatch(message):
            return match.expand(said)
    return message


def holds_nothing(problem: str) -> bool:
    """Whether there is no newspaper yet, so that nothing could be indexed."""
    return bool(re.match("no corpus folder|nothing to index", problem))


def told(error: CorpusError) -> str:
    """An error in one line."""
    if isinstance(error, UnreadableFile):
        return words("{path}：{reason}。", path=error.path, reason=reason(error.reason))
    return words("{reason}。", reason=reason(str(error)))
