"""Who a department is: by its certificate and the configured name, at the configured address."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dspace_core.catalog import STARTER, Catalogue
from dspace_core.errors import Refusal
from dspace_core.sources.endpoint import Endpoint
from dspace_core.sources.http_source import open_http_source
from dspace_core.testing.department import Department as Service
from dspace_core.translation import Department

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
CATEGORY = Catalogue.from_file(STARTER).editions[0].category("bank.account")
NAME = "department.example"


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.trust = folder / f"{name}.pem"
        certificate = self._signed(self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
        self.trust.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> Path:
        """A file with a certificate for a name, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        path = self._folder / f"{name}.pem"
        path.touch(0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._signed(subject, key.public_key(), names).public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(extension, critical=False)
            .sign(self._key, hashes.SHA256())
        )


class Place(msgspec.Struct, frozen=True):
    """A department that serves with a certificate, and who issued it."""

    service: Service
    authority: Authority
    folder: Path

    def endpoint(self, **changes: object) -> Endpoint:
        usual = Endpoint(
            origin=f"https://{NAME}:{self.service.port}", addresses=("127.0.0.1",), trust=self.authority.trust
        )
        return msgspec.structs.replace(usual, **changes)


@pytest.fixture(params=[False, True], ids=["one_sided", "mutual"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    authority = Authority(tmp_path, "authority")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue(NAME))
    if request.param:
        context.load_verify_locations(authority.trust)
        context.verify_mode = ssl.CERT_REQUIRED
    async with Service({}, NOW, tls=context) as service:
        yield Place(service, authority, tmp_path)


async def asked(endpoint: Endpoint) -> object:
    source = await open_http_source("bank", endpoint, Department())
    try:
        return await source.freshness(CATEGORY)
    except Refusal as no:
        return no.code, no.values["reason"]
    finally:
        await source.close()


async def test_a_department_is_known_by_its_certificate_and_we_by_ours(place: Place) -> None:
    ours = place.authority.issue("space.example")
    assert await asked(place.endpoint(certificate=ours)) == NOW


async def test_a_certificate_of_another_authority_is_not_trusted(place: Place) -> None:
    stranger = Authority(place.folder, "stranger")
    assert await asked(place.endpoint(trust=stranger.trust)) == ("source.unavailable", "certificate")
    assert place.service.seen == []


async def test_without_a_file_the_machine_s_authorities_are_trusted_and_no_other(place: Place) -> None:
    assert await asked(place.endpoint(trust=None)) == ("source.unavailable", "certificate")


async def test_a_certificate_for_another_name_is_not_trusted(place: Place) -> None:
    other = place.endpoint(origin=f"https://other.example:{place.service.port}")
    assert await asked(other) == ("source.unavailable", "certificate")
    assert place.service.seen == []


async def test_a_name_that_nobody_knows_is_unavailable(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:

    async def nobody(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody)
    assert await asked(place.endpoint(addresses=())) == ("source.unavailable", "name_unknown")
