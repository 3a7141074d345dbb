"""Every example that a help text shows is a command that works."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from pipelines.cli import app

ELSEWHERE = {"nightly", "intake", "sandbox"}
"""They ask AWS, or serve until they are stopped: the tests of nights, of intake and of the sandbox run them."""
PLACES = {"/srv/cosell": "data", "/mnt/backups": "data/backups"}
DRIVER = """
import io, json, shlex, sys
from contextlib import redirect_stderr, redirect_stdout
from pipelines.cli import main
ended = {}
for example in json.load(sys.stdin):
    sys.argv = shlex.split(example)
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())) as out, redirect_stderr(io.StringIO()) as err:
        try:
            exit_code = main() or 0
        except SystemExit as end:
            exit_code = end.code or 0
        out.seek(0)
        ended[example] = exit_code, out.read(), err.getvalue()
json.dump(ended, sys.stdout)
"""


def examples(group: typer.core.TyperGroup) -> Iterator[str]:
    for command in group.commands.values():
        if isinstance(command, typer.core.TyperGroup):
            yield from examples(command)
        else:
            assert command.epilog is not None
            yield from command.epilog.removeprefix("Example: ").split(" · ")


EXAMPLES = list(examples(typer.main.get_command(app)))
RUN = [example for example in EXAMPLES if shlex.split(example)[1] not in ELSEWHERE]


@pytest.fixture(scope="module")
def ended(demo_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Exit code, output and errors of each example, one after the other in a directory with a published night."""
    directory = tmp_path_factory.mktemp("examples")
    shutil.copytree(demo_data_dir, directory / "data", ignore=shutil.ignore_patterns("quality"))
    for example in RUN:
        if " restore " in example:
            backup = directory / shlex.split(example)[-1]
            backup.parent.mkdir(exist_ok=True)
            shutil.copy(demo_data_dir / "landing.duckdb", backup)
    here = {example: elsewhere(example) for example in RUN}
    result = subprocess.run(
        [sys.executable, "-c", DRIVER],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COSELL_"))},
        input=json.dumps(list(here.values())),
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(result.stdout)
    return {example: told[run] for example, run in here.items()}


def elsewhere(example: str) -> str:
    for place, here in PLACES.items():
        example = example.replace(place, here)
    return example


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_is_good_usage(example: str) -> None:
    name, *words = shlex.split(example)
    assert name == "cosell"
    command = typer.main.get_command(app)
    while isinstance(command, typer.core.TyperGroup):
        command = command.commands[words.pop(0)]
    command.make_context(example, words)  # raises for what it does not understand


@pytest.mark.parametrize("example", RUN)
def test_it_works_on_a_published_night(ended: dict[str, tuple[int, str, str]], example: str) -> None:
    exit_code, out, err = ended[example]
    assert exit_code == 0, err
    assert out.strip()


def test_what_it_does_not_understand_is_no_example() -> None:
    with pytest.raises(Exception, match="No such option: --nonsense"):
        test_it_is_good_usage("cosell status --nonsense")
