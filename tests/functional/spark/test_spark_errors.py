"""What a user can mend is told in one line, before anything is asked of AWS."""

import socket
from pathlib import Path

import pytest
from processes import Cosell

NO_AWS = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--landing", "lake"], "--landing is read by Spark alone"),
        (["--engine", "spark", "--spark-remote", "http://spark"], "--spark-remote is no address of Spark Connect"),
        (["--engine", "spark", "--spark-remote", "sc://h:port"], "--spark-remote is no address of Spark Connect"),
        (["--engine", "spark"], "needs Java 17"),
    ],
    ids=["landing", "scheme", "port", "java"],
)
def test_what_spark_lacks_is_told_first(arguments: list[str], told: str, installed: None, tmp_path: Path) -> None:
    done = Cosell(tmp_path, NO_AWS)("nightly", "--catalog", "Sandbox", *arguments, JAVA_HOME=str(tmp_path))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert told in done.stderr


def test_a_server_that_is_not_there(installed: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    remote = f"sc://127.0.0.1:{port}/;token=not-to-be-shown"
    done = Cosell(tmp_path, NO_AWS)("nightly", "--engine", "spark", "--spark-remote", remote)
    assert done.returncode == 2
    assert done.stderr == (
        f"cosell: no Spark Connect server can be reached at 127.0.0.1:{port}: start it, or correct --spark-remote\n"
    )
