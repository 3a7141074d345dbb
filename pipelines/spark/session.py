"""A Spark session for a night: the one that the environment configures, one on this machine, or a remote server's."""

import os
import re
import shutil
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.errors import ConfigurationError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

INSTALL = 'pip install "cosell-revenue[spark]"'
SECONDS_TO_REACH = 20
DEFAULT_PORT = 15002  # Spark Connect's
OLDEST = (4, 1)  # applyInArrow hands over a group in batches from then on
LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "OFF",  # what Spark logs of a failure may quote records
    "spark.ui.enabled": "false",
}
"""What a session on this machine alone is given, unless the environment says otherwise: it is nobody else's."""
_LACKING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_NO_PROGRAM = re.compile(r'Cannot run program "[^"]*"')


def check_spark(settings: Settings) -> None:
    """Raise ConfigurationError where no session can be had, before anything is asked of AWS."""
    if find_spec("pyspark") is None or find_spec("grpc") is None or find_spec("deltalake") is None:
        raise ConfigurationError(f"--engine spark needs Spark's Python packages: {INSTALL}")
    if settings.spark_remote:
        _check_remote(settings.spark_remote)
    elif not (_has_java() or os.environ.get("SPARK_REMOTE")):
        raise ConfigurationError(
            "--engine spark needs Java 17 or newer on this machine: install it or set JAVA_HOME, or name a server "
            "with --spark-remote"
        )


@contextmanager
def spark_session(remote: str, scratch: Path) -> Iterator["SparkSession"]:
    """Open a session and close it; one that this process has open already is used, and stays open.

    `scratch` is where a session on this machine keeps what does not fit in memory. Raises ConfigurationError for what
    Spark says of its own set-up.
    """
    with warnings.catch_warnings(), _told():
        # Arrow is all that passes between Spark and us, never pandas.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        from pyspark.sql import SparkSession

        active = SparkSession.getActiveSession()
        spark = active or (_remote_session(remote) if remote else _session(scratch))
        try:
            _check_version(spark.version)
            yield spark
        finally:
            if active is None:
                spark.stop()


def is_on_this_machine(spark: "SparkSession") -> bool:
    """Tell whether the workers of a session read this machine's files."""
    return str(spark.conf.get("spark.master", "")).startswith("local") and not _is_remote(spark)


def _is_remote(spark: "SparkSession") -> bool:
    return type(spark).__module__.startswith("pyspark.sql.connect")


def _remote_session(remote: str) -> "SparkSession":
    from pyspark.sql import SparkSession

    return SparkSession.builder.remote(remote).getOrCreate()


def _session(scratch: Path) -> "SparkSession":
    """Return what the environment configures; without a word of it, this machine's cores."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("cosell nightly")
    if os.environ.get("SPARK_REMOTE"):
        return builder.getOrCreate()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if not os.environ.get("SPARK_HOME"):  # or Spark looks for an address of this machine's in its network
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    SparkContext._ensure_initialized()  # only now does a SparkConf know the files and variables
    configured = SparkConf()
    if configured.get("spark.master", "local").startswith("local"):
        for name, value in {**LOCAL, "spark.local.dir": str(scratch)}.items():
            if not configured.contains(name):
                builder = builder.config(name, value)
        builder = builder.config("spark.ui.showConsoleProgress", "false")  # which pyspark itself switches on
    spark = builder.getOrCreate()
    for number, handler in handlers.items():  # Spark takes signals for itself
        signal.signal(number, handler)
    return spark


def _check_remote(remote: str) -> None:
    """Knock at the server's door, since Spark's own client would try for many minutes."""
    try:
        address = urlsplit(remote)
        host, port = address.hostname, address.port or DEFAULT_PORT
    except ValueError:
        host = None
    if not host or address.scheme != "sc":
        raise ConfigurationError("--spark-remote is no address of Spark Connect: write sc://HOST:PORT")
    try:
        socket.create_connection((host, port), SECONDS_TO_REACH).close()
    except OSError as error:
        raise ConfigurationError(
            f"no Spark Connect server can be reached at {host}:{port}: start it, or correct --spark-remote"
        ) from error


def _check_version(version: str) -> None:
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise ConfigurationError(f"the Spark server is {version}: {'.'.join(map(str, OLDEST))} or newer is needed")


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home) / "bin" / "java") if home else "java") is not None


@contextmanager
def _told() -> Iterator[None]:
    """Say in one line what Spark says at length of workers, servers and Java. Raises ConfigurationError."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        if told := _line_of(error):
            raise ConfigurationError(told) from error
        raise


def _line_of(error: Any) -> str | None:
    text, condition = str(error), error.getCondition() or ""
    if lacking := _LACKING.search(text):
        return (
            f"a Spark worker has no Python package {lacking[1].partition('.')[0]}: install this version of "
            "cosell-revenue in the Python of every worker (docs/scale.md)"
        )
    if _NO_PROGRAM.search(text):
        return "a Spark worker has no such Python as PYSPARK_PYTHON names: set it to the one with cosell-revenue"
    if "PYTHON_VERSION_MISMATCH" in text:
        return "the Spark workers have another version of Python than this machine: install the same (docs/scale.md)"
    if condition == "JAVA_GATEWAY_EXITED":
        return "Java did not start: --engine spark needs Java 17 or newer (JAVA_HOME)"
    if "StatusCode.UNAVAILABLE" in text:
        return "the Spark Connect server has gone away: look there, then run again"
    return None
