"""Production starts with what the operator gave, outside of the home, and refuses before anything is made."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dspace_core.machine.addresses import Role, Store, embedded_url
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.stores import connect
from dspace_core.testing.deployment import Deployment

DSPACE = str(Path(sys.executable).with_name("dspace"))


@pytest.fixture
def outside(tmp_path: Path) -> dict[str, str]:
    """Everything that production asks for. The root keys are made as docs/operations.md says."""
    (tmp_path / "apart").mkdir(mode=0o700)
    (tmp_path / "keys").mkdir(mode=0o700)
    return {
        "DSPACE_MODE": "production",
        "DSPACE_KEY_FILE": str(tmp_path / "keys/root.keys"),
        "DSPACE_APART": str(tmp_path / "apart"),
        "DSPACE_LOG_ORIGIN": "log.example/evidence",
        "DSPACE_KEYS_BACKUP_DAYS": "14",
        "DSPACE_ISSUER": "https://space.example",
        "DSPACE_IDP_URL": "https://login.example",
    }


@pytest.fixture
def deployment(outside: dict[str, str]) -> Iterator[Deployment]:
    deployment = Deployment([DSPACE, "up"], Path.cwd(), also=outside)
    command = [sys.executable, "-m", "dspace_core.machine.root_keys"]
    subprocess.run(command, env=deployment.environment, check=True, timeout=60)
    yield deployment
    deployment.close()


def refused(deployment: Deployment, **also: str) -> str:
    environment = {**deployment.environment, **also}
    done = subprocess.run([DSPACE, "up"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert not deployment.settings.home.exists()
    return done.stderr


def test_production_starts_under_its_own_name_warns_of_a_key_file_and_makes_no_authority(
    deployment: Deployment, tmp_path: Path
) -> None:
    async def looked() -> tuple[str, int]:
        main = deployment.address(Role.APP)
        session = await connect(main.url, password=main.password)
        origin = await session.fetchval("SELECT origin FROM log_head")
        await session.close()
        password = deployment.home.secret(f"main/{SUPERUSER}", make=False)
        admin = await connect(embedded_url(deployment.home, Store.MAIN, SUPERUSER, "postgres"), password=password)
        made = await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'dspace_src%'")
        await admin.close()
        return origin, made

    deployment.home.make()
    deployment.home.secrets.mkdir(mode=0o700)
    deployment.home.secret("idp", make=True)  # the operator's, from the identity provider
    deployment.start()
    assert asyncio.run(looked()) == ("log.example/evidence", 0)
    assert "hardware token" in deployment.output.read_text()
    assert {one.name for one in (tmp_path / "apart").iterdir()} == {"cas", "erasures"}
    assert not list(deployment.settings.home.rglob("*.keys"))
    assert not (deployment.settings.home / "apart").exists()
    deployment.interrupt()


@pytest.mark.parametrize("name", ["DSPACE_KEY_FILE", "DSPACE_APART", "DSPACE_LOG_ORIGIN", "DSPACE_KEYS_BACKUP_DAYS"])
def test_a_setting_that_production_needs_is_named_when_it_is_missing(deployment: Deployment, name: str) -> None:
    said = refused(deployment, **{name: ""})
    assert "[machine.setting_missing]" in said
    assert name in said


@pytest.mark.parametrize("name", ["DSPACE_KEY_FILE", "DSPACE_APART"])
def test_a_place_inside_the_home_is_refused(deployment: Deployment, name: str) -> None:
    said = refused(deployment, **{name: str(deployment.settings.home / "inside")})
    assert "[machine.inside_home]" in said
    assert name in said


def test_a_name_of_development_is_refused(deployment: Deployment) -> None:
    assert "DSPACE_LOG_ORIGIN" in refused(deployment, DSPACE_LOG_ORIGIN="dev.log.example/evidence")


def test_a_folder_apart_that_is_not_there_is_refused(deployment: Deployment, tmp_path: Path) -> None:
    assert "[machine.apart_unusable]" in refused(deployment, DSPACE_APART=str(tmp_path / "nothing"))


def test_a_key_file_that_others_can_read_is_refused(deployment: Deployment, outside: dict[str, str]) -> None:
    Path(outside["DSPACE_KEY_FILE"]).chmod(0o640)
    assert "[crypto.key_file_exposed]" in refused(deployment)


def test_a_key_file_that_is_missing_is_not_made_in_passing(deployment: Deployment, outside: dict[str, str]) -> None:
    Path(outside["DSPACE_KEY_FILE"]).unlink()
    assert "[crypto.key_file_missing]" in refused(deployment)
    assert not Path(outside["DSPACE_KEY_FILE"]).exists()
