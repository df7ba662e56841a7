"""A whole deployment with its development identity provider, and people for it to know."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dspace_core.calendar import legal_day
from dspace_core.machine.authorities import SEED
from dspace_core.sources import generate
from dspace_core.testing.deployment import Deployment
from dspace_core.testing.phone import Phone


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    deployment = Deployment(
        [str(Path(sys.executable).with_name("dspace")), "up"], Path.cwd(), also={"DSPACE_PEOPLE": "400"}
    )
    deployment.start()
    deployment.wait_for_authorities()
    yield deployment
    deployment.interrupt()
    deployment.close()


@pytest.fixture(scope="module")
def number(deployment: Deployment) -> str:
    """The citizen number of somebody who is registered and alive."""
    people = generate(SEED, legal_day(datetime.now(UTC))).people
    return next(one.citizen_id for one in people if one.died is None)


@pytest.fixture
def base(deployment: Deployment) -> str:
    return f"http://127.0.0.1:{deployment.settings.port}"


@pytest.fixture
def phone(base: str) -> Phone:
    return Phone(base)
