"""The pytest plugin that comes with `dspace-core[testing]`: real servers, once per run, a database per module.

Under xdist the controller starts the servers and tells its workers the folder; alone, the first test that needs them
does. Either way it is the main thread of a process that outlives every test, and a killed run leaves nothing behind.
"""

from pathlib import Path
from typing import Protocol

import pytest

from dspace_core.testing.servers import ScratchDatabase, ScratchServers, valkey_url_of

_FOLDER = "dspace_folder"
_running = pytest.StashKey[ScratchServers]()


class _Node(Protocol):
    """A worker of xdist, as its controller sees it."""

    config: pytest.Config
    workerinput: dict[str, str]


def _folder(config: pytest.Config) -> Path:
    told = getattr(config, "workerinput", {}).get(_FOLDER)
    if told is not None:
        return Path(told)
    if _running not in config.stash:
        servers = ScratchServers()
        servers.start()
        config.stash[_running] = servers
    return config.stash[_running].folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Node) -> None:
    """Tell a worker of xdist where the servers of this run are."""
    node.workerinput[_FOLDER] = str(_folder(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what this process started."""
    servers = config.stash.get(_running, None)
    if servers is not None:
        servers.stop()


@pytest.fixture(scope="session")
def server_folder(request: pytest.FixtureRequest) -> Path:
    """The folder of this run's servers."""
    return _folder(request.config)


@pytest.fixture(scope="module")
def database(server_folder: Path) -> ScratchDatabase:
    """An empty PostgreSQL database of this test module's own."""
    return ScratchDatabase.create(server_folder)


@pytest.fixture(scope="session")
def valkey_url(server_folder: Path) -> str:
    """The URL of this run's Valkey; tests choose key names of their own."""
    return valkey_url_of(server_folder)
