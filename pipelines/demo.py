"""A demo's own Partner Central: the sandbox in a process of its own, on loopback, for as long as we live."""

import json
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import boto3

from pipelines.errors import ConfigurationError, Interrupted
from pipelines.fx_rates import OWN_FILE, find_in
from pipelines.interrupts import heard
from pipelines.partner_central.client import ONE_ATTEMPT
from pipelines.partner_central.service_model import SERVICE
from pipelines.sandbox.demo.rates import rates_csv
from pipelines.sandbox.server import Sandbox, serve_forever
from pipelines.sandbox.world import PAST, World

START_SECONDS = 60.0
STOP_SECONDS = 10.0
MOST_OPPORTUNITIES = 1_000_000
OLDEST = timedelta(days=36_500)


@contextmanager
def demo_client(data_dir: Path, now: datetime) -> Iterator[Any]:
    """Serve the demo world that belongs to a data directory and yield a boto3 client of it.

    The world's beginning is kept in `sandbox.json` there, so that the same world moves on from night to night.
    Nobody's own credentials, profile or region are looked at.
    """
    context = multiprocessing.get_context("spawn")  # a fork would share our threads' locks and open files
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(_kept_world(data_dir, now), theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_SECONDS):
            raise ConfigurationError(f"the demo's sandbox did not start within {START_SECONDS:.0f} s: run again")
        yield boto3.client(
            SERVICE,
            endpoint_url=ours.recv_bytes().decode(),
            region_name="us-east-1",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - the sandbox checks no signature
            config=ONE_ATTEMPT,
        )
    finally:
        ours.close()
        process.join(timeout=STOP_SECONDS)
        process.kill()


def keep_demo_rates(data_dir: Path, work_path: Path, now: datetime) -> None:
    """Give a data directory the rates of its demo world up to today, unless its user put another file there.

    They are written in `work_path` first, so that a kill leaves no half of them.
    """
    world, path = _kept_world(data_dir, now), data_dir / OWN_FILE
    kept = find_in(data_dir)
    if kept not in (None, path) or world.started_at is None:
        return
    rates = rates_csv(world.seed, world.started_at.date(), now.astimezone(UTC).date())
    if kept is None or _is_beginning(path, rates):
        scratch = work_path / path.name
        scratch.write_text(rates)
        scratch.replace(path)


def _is_beginning(path: Path, rates: str) -> bool:
    """Tell whether a file is one of an earlier night's rates, and not its user's own."""
    try:
        kept = path.read_bytes()
    except OSError:  # whoever reads the rates next tells what is wrong with it
        return False
    return rates.encode().startswith(kept) and kept.count(b"\n") > 1


def serve_sandbox(host: str, port: int, world: World, *, allow_remote: bool = False) -> None:
    """Serve a world in the foreground until a signal ends it. Raises ConfigurationError for a host it may not use."""
    try:
        serve_forever(world, host, port, allow_remote=allow_remote, announce=print)
    except Interrupted as error:  # the way to end it
        heard(error)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"cannot serve on {host}:{port}: {error}") from error


def new_world(opportunities: int, seed: int, now: datetime) -> World:
    """Make the demo world whose 18 months of past end today."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return World(opportunities=opportunities, seed=seed, started_at=midnight - PAST)


def _kept_world(data_dir: Path, now: datetime) -> World:
    path = data_dir / "sandbox.json"
    if not path.exists():
        world = new_world(World.opportunities, World.seed, now)
        kept = {"opportunities": world.opportunities, "seed": world.seed, "started_at": f"{world.started_at}"}
        path.write_text(json.dumps(kept) + "\n")
    try:
        kept = json.loads(path.read_text())
        world = World(kept["opportunities"], kept["seed"], datetime.fromisoformat(kept["started_at"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise _no_world(path) from None
    if not _can_be_kept(world, now):
        raise _no_world(path)
    return world


def _can_be_kept(world: World, now: datetime) -> bool:
    """Tell whether a world is one of a demo: of whole numbers, and of a size and an age that can be served."""
    if not (type(world.opportunities) is type(world.seed) is int and world.opportunities <= MOST_OPPORTUNITIES):
        return False
    began = world.started_at
    return began is not None and began.tzinfo is not None and timedelta(0) <= now - began <= OLDEST


def _no_world(path: Path) -> ConfigurationError:
    return ConfigurationError(f"{path} holds no demo world: take it away to begin a new one, with a new --data-dir")


def _serve(world: World, parent: Connection) -> None:
    """Serve until the parent closes its end of the pipe, which the kernel does for it even after a SIGKILL."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when we end
    with Sandbox(world) as sandbox:
        parent.send_bytes(sandbox.endpoint_url.encode())  # bytes, since objects would be pickled
        with suppress(EOFError):
            parent.recv_bytes()
