"""Spark on two cores of this machine, which also serves Spark Connect, on loopback alone."""

import os
import shutil
import socket
import sys
import warnings
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from landed_nights import Served


@pytest.fixture(scope="session")
def installed() -> None:
    """Java and pyspark: where tests have to run, their absence is a failure."""
    if find_spec("pyspark") is None or shutil.which("java") is None:
        unavailable = pytest.fail if os.environ.get("CI") else pytest.skip
        unavailable("no Java 17 or no pyspark: apt-get install openjdk-17-jre-headless, then make spark")


@pytest.fixture(scope="session")
def served(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(tmp_path_factory.mktemp("spark")),
        "spark.sql.shuffle.partitions": "4",
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        yield Served(spark, port)
        spark.stop()
