"""What can be wrong with a number, a code or a type. No refusal of this room ever carries the text it refused."""

from enum import StrEnum

from dspace_core.errors import Refusal, Text


class Kind(StrEnum):
    """Which kind of identifier a refusal speaks of."""

    CITIZEN_ID = "citizen_id"
    USCC = "uscc"
    DIVISION = "division"
    CERTIFICATE_IDENTIFIER = "certificate_identifier"
    BASE_CODE = "base_code"
    IMPLEMENTATION_CODE = "implementation_code"
    HANDLING_CODE = "handling_code"
    GUIDE_CODE = "guide_code"
    CASE_NO = "case_no"
    DOCUMENT = "document"


_NAMES = {
    Kind.CITIZEN_ID: Text("公民身份号码", "citizen identification number"),
    Kind.USCC: Text("统一社会信用代码", "unified social credit code"),
    Kind.DIVISION: Text("行政区划代码", "division code"),
    Kind.CERTIFICATE_IDENTIFIER: Text("电子证照标识", "certificate identifier"),
    Kind.BASE_CODE: Text("基本编码", "base code"),
    Kind.IMPLEMENTATION_CODE: Text("实施编码", "implementation code"),
    Kind.HANDLING_CODE: Text("业务办理项编码", "handling code"),
    Kind.GUIDE_CODE: Text("办事指南编码", "guide code"),
    Kind.CASE_NO: Text("办件编号", "case number"),
    Kind.DOCUMENT: Text("证件号码", "document number"),
}


class Malformed(Refusal):
    """The text has not the form of its kind: a wrong length, character or part."""

    code = "identifiers.malformed"
    says = Text("{name}格式不正确", "the text has not the form of a {name}")
    remedy = Text("请对照证件或目录原文核对", "compare it with the document or the catalogue")

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind=kind.value, name=_NAMES[kind])


class ChecksumFailed(Refusal):
    """The form is right, the check character is not: most likely a typing error."""

    code = "identifiers.checksum_failed"
    says = Text("{name}校验位不符", "the check character of the {name} does not fit")
    remedy = Text("请检查是否有输错或颠倒的字符", "look for a mistyped or swapped character")

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind=kind.value, name=_NAMES[kind])


class FifteenDigits(Refusal):
    """An old citizen number of 15 digits, void since 2013-01-01."""

    code = "identifiers.fifteen_digits"
    says = Text("15位身份证号码已停止使用", "citizen numbers of 15 digits are void")
    remedy = Text("请填写现行18位公民身份号码", "give the present number of 18 characters")


class BirthUnreal(Refusal):
    """The birth date within a citizen number is no day of the calendar."""

    code = "identifiers.birth_unreal"
    says = Text("公民身份号码中的出生日期不存在", "the birth date in the citizen number does not exist")
    remedy = Text("请核对第7至14位", "check characters 7 to 14")


class BirthInFuture(Refusal):
    """The birth date within a citizen number has not come yet."""

    code = "identifiers.birth_in_future"
    says = Text("公民身份号码中的出生日期晚于今天", "the birth date in the citizen number lies in the future")
    remedy = Text("请核对第7至14位", "check characters 7 to 14")


class ProvinceUnknown(Refusal):
    """The first two digits name no province."""

    code = "identifiers.province_unknown"
    says = Text("前两位不是省级代码", "the first two digits name no province")
    remedy = Text("请核对前两位", "check the first two digits")


class NotFixture(Refusal):
    """Development mode was shown a number that may belong to a real person."""

    code = "identifiers.not_fixture"
    says = Text("开发环境只接受虚构号码", "only fabricated numbers are accepted here")
    remedy = Text(
        "请用 citizen_id.fixture 生成号码", "make one with `citizen_id.fixture`; never use a real person's number"
    )


class DocumentTypeUnknown(Refusal):
    """No document type has this code."""

    code = "identifiers.document_type_unknown"
    says = Text("未知的证件类型", "no document type has this code")
    remedy = Text("请从证件类型表中选择", "choose one of the table of document types")


class OtherDocument(Refusal):
    """The number is sound, but documents of this type never bear such a number."""

    code = "identifiers.other_document"
    says = Text("该号码不属于证件类型 {document_type}", "documents of type {document_type} bear no such number")
    remedy = Text("请核对证件类型", "check the document type")

    def __init__(self, document_type: str) -> None:
        super().__init__(document_type=document_type)


class CodeUnknown(Refusal):
    """A code table has no such code."""

    code = "identifiers.code_unknown"
    says = Text("代码表 {table} 中没有该代码", "the code table {table} has no such code")
    remedy = Text("请对照代码表核对", "compare it with the table")

    def __init__(self, table: str) -> None:
        super().__init__(table=table)


class SerialSpent(Refusal):
    """The serial of a case number does not fit into its four digits."""

    code = "identifiers.serial_spent"
    says = Text("当日办件流水号超出范围(0至{last})", "the day's serial is outside 0 to {last}")
    remedy = Text("请使用另一业务办理项编码或次日再编号", "number under another handling code, or on the next day")

    def __init__(self, last: int) -> None:
        super().__init__(last=last)
