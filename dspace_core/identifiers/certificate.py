"""Electronic certificates (电子证照): the identifier (GB/T 36904), the names of their metadata (GB/T 36903), their
states and operations, and what stands on the face of the starter set."""

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated

import msgspec

from dspace_core.identifiers._tables import load
from dspace_core.identifiers.check import USCC_ALPHABET, Verdict, mod_37_36
from dspace_core.identifiers.masking import Hidden
from dspace_core.identifiers.refusals import ChecksumFailed, CodeUnknown, Kind, Malformed
from dspace_core.identifiers.uscc import Uscc

ROOT = "1.2.156.3005.2"
"""The object identifier under which certificates are numbered. It takes no part in the check."""

_BODY = f"[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}"
_FORM = re.compile(
    rf"{re.escape(ROOT)}\.(?P<type>{_BODY}[0-9A-Z]{{3}})\.(?P<issuer>{_BODY}|[0-9]{{6}})"
    r"\.(?P<serial>[0-9A-Z]{1,64})\.(?P<version>[0-9]{3})\.(?P<check>[0-9A-Z])"
)


class CertificateIdentifier(Hidden, frozen=True):
    """One identifier in the right form, with a check character that fits."""

    value: str

    def __post_init__(self) -> None:
        match examine(self.value):
            case Verdict.MALFORMED:
                raise Malformed(Kind.CERTIFICATE_IDENTIFIER)
            case Verdict.CHECKSUM_FAILED:
                raise ChecksumFailed(Kind.CERTIFICATE_IDENTIFIER)
            case Verdict.VALID:
                pass

    @property
    def type_code(self) -> str:
        """The certificate type: the code of the body that defines it, and three characters."""
        return self._parts[0]

    @property
    def defining_body(self) -> Uscc:
        """The body that defines the certificate type."""
        return Uscc(self.type_code[:18])

    @property
    def issuer_code(self) -> str:
        """The issuer: a unified social credit code, or the six digits of a division."""
        return self._parts[1]

    @property
    def serial(self) -> str:
        """The serial: digits and upper-case letters."""
        return self._parts[2]

    @property
    def version(self) -> int:
        """The version: one higher at every re-issue of the same certificate."""
        return int(self._parts[3])

    @property
    def _parts(self) -> list[str]:
        return self.value.removeprefix(f"{ROOT}.").split(".")


def parse(text: str) -> CertificateIdentifier:
    """Read an identifier with its root. Refuses another form (`Malformed`) and a wrong check (`ChecksumFailed`)."""
    return CertificateIdentifier(text)


def examine(text: str) -> Verdict:
    """Look at a text without refusing it. The check covers type, issuer, serial and version, without dots or root."""
    found = _FORM.fullmatch(text)
    if found is None:
        return Verdict.MALFORMED
    body = "".join(found.group("type", "issuer", "serial", "version"))
    return Verdict.VALID if mod_37_36(body) == found["check"] else Verdict.CHECKSUM_FAILED


class CertificateState(Enum):
    """Whether a certificate is in use (使用状态), by the codes of the construction ministry's tables."""

    VALID = "01"
    """有效"""
    SUSPENDED = "02"
    """暂扣"""
    REVOKED = "03"
    """撤销: the authority takes back what it should not have given."""
    CANCELLED = "04"
    """注销"""
    LAPSED = "05"
    """失效"""
    TRANSFERRING_OUT = "06"
    """办理转出"""
    FORFEITED = "07"
    """吊销: taken away as a penalty."""
    OTHER = "99"
    """其他"""

    @property
    def usable(self) -> bool:
        """Whether a certificate in this state may stand for a material. Only a valid one may."""
        return self is CertificateState.VALID


class CertificateOperation(Enum):
    """What was done to a certificate; the value is its Chinese name."""

    ISSUE = "新发"
    RENEW = "延续"
    CHANGE = "变更"
    CANCEL = "注销"
    TRANSFER_OUT = "转出"
    TRANSFER_IN = "转入"


_FieldName = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")]


class SurfacePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of fields on a certificate's face: one person, or the row of a list where there are `many`."""

    name: _FieldName
    fields: tuple[_FieldName, ...]
    many: bool = False


class Surface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The face of one certificate type (照面信息): its fields, its groups of fields, the forms of its numbers."""

    certificate_type: _FieldName
    name: str
    authority: str
    fields: tuple[_FieldName, ...]
    part: tuple[SurfacePart, ...] = ()
    forms: dict[_FieldName, str] = {}
    """A pattern for a field, as data: these are remembered, not read in a standard."""
    labels: dict[_FieldName, dict[str, str]] = {}
    """Chinese labels for the codes of a field, as data for the same reason."""

    def __post_init__(self) -> None:
        if not {*self.forms, *self.labels} <= {*self.fields}:
            raise ValueError("a form or label speaks of a field that is not on the face")
        for form in self.forms.values():
            re.compile(form)


class _Certificates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    metadata: dict[str, str]
    certificate: tuple[Surface, ...]


_certificates = load("certificates", _Certificates)

METADATA: Mapping[str, str] = MappingProxyType(_certificates.metadata)
"""The names of the metadata as interfaces use them, with their Chinese labels."""

SURFACES: Mapping[str, Surface] = MappingProxyType({face.certificate_type: face for face in _certificates.certificate})
"""The starter set of certificates by type."""


def surface(certificate_type: str) -> Surface:
    """The face of a certificate type of the starter set. Refuses another type (`CodeUnknown`)."""
    found = SURFACES.get(certificate_type)
    if found is None:
        raise CodeUnknown("certificate_type")
    return found
