"""The pace shared by threads."""

import time
from concurrent.futures import ThreadPoolExecutor

from pipelines.partner_central.pacing import Pacer


def test_threads_share_one_pace() -> None:
    pacer = Pacer(200)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: pacer.wait(), range(101)))
    assert 0.5 <= time.monotonic() - started < 5  # a busy machine takes its time


def test_a_pause_saves_up_no_burst() -> None:
    pacer = Pacer(50)
    pacer.wait()
    time.sleep(0.2)
    started = time.monotonic()
    for _ in range(6):
        pacer.wait()
    assert time.monotonic() - started >= 0.1


def test_zero_is_unpaced() -> None:
    started = time.monotonic()
    for _ in range(1000):
        Pacer(0).wait()
    assert time.monotonic() - started < 5
