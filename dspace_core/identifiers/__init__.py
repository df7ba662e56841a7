"""The numbers by which the state names people, organisations, places, certificates, items and cases.

Each kind has its module with `parse`, which gives a value that holds or a refusal that does not repeat what it refused.
No parsed value shows itself in a log: its text is `.value`.
"""

from dspace_core.identifiers import certificate, citizen_id, codes, division, documents, item_codes, uscc
from dspace_core.identifiers.certificate import CertificateIdentifier, CertificateOperation, CertificateState, Surface
from dspace_core.identifiers.check import Verdict
from dspace_core.identifiers.citizen_id import CitizenId, CitizenKind
from dspace_core.identifiers.codes import CodeTable, MaritalStatus, Sex
from dspace_core.identifiers.division import Division, Level
from dspace_core.identifiers.documents import DocumentType, SubjectId
from dspace_core.identifiers.item_codes import BaseCode, CaseNo, GuideCode, HandlingCode, ImplementationCode, TaskType
from dspace_core.identifiers.masking import Hidden, mask
from dspace_core.identifiers.refusals import (
    BirthInFuture,
    BirthUnreal,
    ChecksumFailed,
    CodeUnknown,
    DocumentTypeUnknown,
    FifteenDigits,
    Kind,
    Malformed,
    NotFixture,
    OtherDocument,
    ProvinceUnknown,
    SerialSpent,
)
from dspace_core.identifiers.uscc import Uscc

__all__ = (
    "BaseCode",
    "BirthInFuture",
    "BirthUnreal",
    "CaseNo",
    "CertificateIdentifier",
    "CertificateOperation",
    "CertificateState",
    "ChecksumFailed",
    "CitizenId",
    "CitizenKind",
    "CodeTable",
    "CodeUnknown",
    "Division",
    "DocumentType",
    "DocumentTypeUnknown",
    "FifteenDigits",
    "GuideCode",
    "HandlingCode",
    "Hidden",
    "ImplementationCode",
    "Kind",
    "Level",
    "Malformed",
    "MaritalStatus",
    "NotFixture",
    "OtherDocument",
    "ProvinceUnknown",
    "SerialSpent",
    "Sex",
    "SubjectId",
    "Surface",
    "TaskType",
    "Uscc",
    "Verdict",
    "certificate",
    "citizen_id",
    "codes",
    "division",
    "documents",
    "item_codes",
    "mask",
    "uscc",
)
