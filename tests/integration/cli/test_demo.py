"""`dspace demo seed` in a home that runs, as it is typed."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dspace_core.testing.deployment import Deployment

DSPACE = str(Path(sys.executable).with_name("dspace"))


@pytest.fixture(scope="module")
def home() -> Iterator[Deployment]:
    deployment = Deployment([DSPACE, "up"], Path.cwd(), also={"DSPACE_PEOPLE": "400"})
    deployment.start()
    deployment.wait_for_authorities()
    yield deployment
    deployment.close()


def seed(home: Deployment, *options: str, **also: str) -> subprocess.CompletedProcess[str]:
    command = [DSPACE, "demo", "seed", *options]
    environment = {**home.environment, **also}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_home_is_filled_refused_and_filled_again(home: Deployment) -> None:
    refused = seed(home, "--people", "100")
    assert refused.returncode == 1
    assert "source.already_filled" in refused.stderr
    assert "--again" in refused.stderr
    done = seed(home, "--people", "500", "--seed", "9", "--again")
    assert (done.returncode, done.stderr) == (0, "")
    found = re.search(r"done: 500 people, ([\d,]+) rows in 14 authorities, [\d.]+ s, [\d,]+ rows/s", done.stdout)
    assert found is not None
    assert int(found[1].replace(",", "")) > 3_000


def test_without_a_number_the_setting_says_how_many(home: Deployment) -> None:
    assert "done: 400 people" in seed(home, "--again").stdout


def test_what_is_interrupted_has_changed_nothing(home: Deployment) -> None:
    command = [DSPACE, "demo", "seed", "--again", "--people=200000"]
    with subprocess.Popen(command, env=home.environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert "making 200,000 people" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        said = running.stdout.read()
    assert running.returncode == 130
    assert "nothing was written" in said
    assert "source.already_filled" in seed(home, "--people=7").stderr


@pytest.mark.parametrize("people", ["0", "-5", "1000001"])
def test_an_impossible_number_is_refused(home: Deployment, people: str) -> None:
    refused = seed(home, "--again", f"--people={people}")
    assert refused.returncode == 1
    assert "source.population_size" in refused.stderr


def test_production_and_an_external_database_are_refused_before_anything_is_touched(
    dspace: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DSPACE_HOME", str(tmp_path / "home"))
    for name, text in (("DSPACE_MODE", "production"), ("DSPACE_MODE", "development")):
        monkeypatch.setenv(name, text)
        code, _, said = dspace("demo", "seed")
        assert code == 1
        assert "machine.development_only" in said
        monkeypatch.setenv("DSPACE_DATABASE_URL", "postgresql://127.0.0.1/elsewhere")
    assert not (tmp_path / "home").exists()


def test_where_nothing_runs_it_says_so(
    dspace: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DSPACE_MODE", "development")
    assert dspace("demo", "seed")[0] == 3


@pytest.mark.parametrize("text", ["x", "-1", str(2**63)])
def test_a_seed_that_is_none_is_not_understood(dspace: Callable[..., tuple[int, str, str]], text: str) -> None:
    with pytest.raises(SystemExit) as ended:
        dspace("demo", "seed", f"--seed={text}")
    assert ended.value.code == 2
