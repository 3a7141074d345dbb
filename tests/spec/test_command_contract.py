"""What schedulers and scripts rely on: verbs, options, and help that shows an example."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import typer

from pipelines.cli import app
from pipelines.settings import Settings

COSELL = Path(sys.executable).parent / "cosell"
ROOT = Path(__file__).parents[2]
OPTIONS = {
    "nightly": {
        *("--catalog", "--data-dir", "--as-of", "--full", "--currency", "--fx", "--demo"),
        *("--engine", "--spark-remote", "--landing"),
    },
    "sandbox": {"--host", "--port", "--opportunities", "--seed", "--allow-remote"},
    "intake plan": {"--out", "--from-hygiene", "--convert", "--catalog", "--data-dir"},
    "intake apply": {"--force", "--catalog", "--data-dir"},
    "status": {"--json", "--max-age", "--data-dir"},
    "drift": {"--data-dir"},
    "backup": {"--data-dir"},
    "restore": {"--data-dir"},
    "report": {"--data-dir"},
    "query": {"--format", "--limit", "--offset", "--no-pager", "--list", "--sql", "--data-dir"},
}


def verbs(group: typer.core.TyperGroup, prefix: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from verbs(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


def test_verbs() -> None:
    assert set(verbs(typer.main.get_command(app))) == set(OPTIONS)


@pytest.mark.parametrize("verb", OPTIONS)
def test_help_names_the_options_and_shows_an_example(verb: str) -> None:
    result = subprocess.run([COSELL, *verb.split(), "--help"], capture_output=True, text=True, check=True)
    assert OPTIONS[verb] <= set(result.stdout.split())
    assert f"Example: cosell {verb}" in result.stdout


def test_the_overview_says_where_to_begin_and_lists_every_verb() -> None:
    overview = subprocess.run([COSELL, "--help"], capture_output=True, text=True, check=True).stdout
    assert "Begin with cosell nightly --demo" in overview
    assert "6 what is published is too old" in overview
    assert {verb.split()[0] for verb in OPTIONS} <= set(overview.split())
    version = subprocess.run([COSELL, "--version"], capture_output=True, text=True, check=True).stdout
    assert version == f"cosell-revenue {metadata.version('cosell-revenue')}\n"


def test_bad_usage_is_exit_code_2() -> None:
    for arguments in (["nightly", "--nonsense"], ["nonsense"], ["query"], ["sandbox", "--port", "99999"]):
        result = subprocess.run([COSELL, *arguments], capture_output=True, text=True, check=False)
        assert result.returncode == 2, result.stderr


def test_the_demo_is_no_real_catalog() -> None:
    result = subprocess.run(
        [COSELL, "nightly", "--demo", "--catalog", "AWS"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr.startswith("cosell: --demo has no catalog AWS")


def test_cosell_toml_shows_every_setting_and_its_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in (ROOT / "cosell.toml").read_text().splitlines() if " = " in line]
    shown = tomllib.loads("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    assert shown.keys() == Settings.model_fields.keys()
    del shown["as_of"], shown["fx"]  # no text stands for today, nor for no file
    assert Settings(**shown) == Settings()


def test_flag_then_variable_then_file_then_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings().currency == "USD"
    (tmp_path / "cosell.toml").write_text('currency = "EUR"\n')
    assert Settings().currency == "EUR"
    monkeypatch.setenv("COSELL_CURRENCY", "GBP")
    assert Settings().currency == "GBP"
    assert Settings(currency="JPY").currency == "JPY"
