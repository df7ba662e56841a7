"""Why an audit cannot be made: the file of receipts. What an audit finds is no refusal but a report."""

from dspace_core.errors import Refusal, Text


class ReceiptsMalformed(Refusal):
    """A line of the file of receipts is not one: an audit of part of them would say too much."""

    code = "audit.receipts_malformed"
    says = Text("回执文件第 {line} 行格式无效", "line {line} of the file of receipts is not a receipt")
    remedy = Text("请核对写入方; 格式见 docs/operations.md", "check who wrote it; docs/operations.md has the form")


class ReceiptsUnreadable(Refusal):
    """The file of receipts cannot be read."""

    code = "audit.receipts_unreadable"
    says = Text("无法读取回执文件 {file}: {reason}", "the file of receipts {file} cannot be read: {reason}")
    remedy = Text("请核对路径与读取权限", "check the path, and that you may read it")
