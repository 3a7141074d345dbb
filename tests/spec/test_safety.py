"""What no code of ours does: start a shell, read pickles, run text as code, or tell others that it runs."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [path for package in ("pipelines", "transforms", "expectations") for path in (ROOT / package).rglob("*.py")]
FORBIDDEN_MODULES = set("subprocess commands pty pickle _pickle cPickle cloudpickle dill joblib marshal shelve".split())
HANDED_OVER = {"pipelines/notify.py", "pipelines/paging.py"}
"""Where a program of the user's own naming is started: the hook of a night that failed, and the pager."""
FORBIDDEN_BUILTINS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {"os": ("system", "popen", "exec", "spawn", "posix_spawn", "fork"), "yaml": ("load",)}
PICKLED_MESSAGES = {"send", "recv"}  # of a multiprocessing.Connection, beside send_bytes and recv_bytes


def forbidden(source: str) -> Iterator[str]:
    """Yield what a module imports or calls and should not."""
    tree = ast.parse(source)
    imported = dict(imports(tree))
    for name, line in imports(tree):
        if name.partition(".")[0] in FORBIDDEN_MODULES or is_forbidden(*name.rpartition(".")[::2]):
            yield f"{line}: import of {name}"
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_BUILTINS:
                yield f"{node.lineno}: {name}()"
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if is_forbidden(owner, name):
                yield f"{node.lineno}: {owner}.{name}"
            case ast.Call(func=ast.Attribute(attr=name)) if "multiprocessing" in imported and name in PICKLED_MESSAGES:
                yield f"{node.lineno}: a pickled message"
            case ast.keyword(arg="shell"):
                yield f"{node.value.lineno}: shell="


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def is_forbidden(owner: str, name: str) -> bool:
    return name.startswith(FORBIDDEN_ATTRIBUTES.get(owner, ("nothing",)))


def test_no_shells_no_pickles_no_text_as_code() -> None:
    found = {path.relative_to(ROOT).as_posix(): list(forbidden(path.read_text(encoding="utf-8"))) for path in MODULES}
    assert len(found) > 100
    starts_programs = {
        path for path, lines in found.items() if any(line.endswith("import of subprocess") for line in lines)
    }
    assert starts_programs == HANDED_OVER
    others = {path: [line for line in lines if "import of subprocess" not in line] for path, lines in found.items()}
    assert {path: lines for path, lines in others.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    """
    import subprocess
    import os, pickle
    from subprocess import run
    from os import system
    import os; os.popen("ls")
    import os; os.execvp("ls", ["ls"])
    import os; os.spawnl(os.P_WAIT, "ls")
    import os; os.posix_spawn("ls", [], {})
    import shelve as s
    import concurrent.futures, marshal
    import yaml; yaml.load(text)
    eval(text)
    exec(text)
    __import__("subprocess")
    run("ls", shell=True)
    import multiprocessing; connection.send(message)
    from yaml import load
    """.strip().splitlines(),
    ids=str.strip,
)
def test_they_would_be_found(source: str) -> None:
    assert list(forbidden(source.strip()))


TELEMETRY = """
import pipelines.landing
from dlt.common.runtime import run_context
assert run_context.active().runtime_config.dlthub_telemetry is False, "dlt"

import duckdb
from expectations.validation import validate
from expectations.rules import Target, is_present
with duckdb.connect() as connection:
    connection.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS c")
    validate(connection, "s", [is_present(Target("t", "c", "info"))], run_id="r", suite="s")
import os, sys
assert os.environ["GX_ANALYTICS_ENABLED"] == "false", "Great Expectations"
assert not {"posthog", "segment", "sentry_sdk"}.intersection(sys.modules), "a client of a telemetry service"
"""


def test_libraries_tell_nobody_that_they_run(tmp_path: Path) -> None:
    """Whatever the environment says: it is our word that stands in the README."""
    wanted = {"RUNTIME__DLTHUB_TELEMETRY": "true", "GX_ANALYTICS_ENABLED": "true", "HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", TELEMETRY],
        cwd=tmp_path,
        env=os.environ | wanted,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
