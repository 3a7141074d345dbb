"""Nights killed from the very first on, while opportunities land window after window."""

from collections.abc import Iterator

import pytest
from trial import Comparison, Trial, trial

OPPORTUNITIES = 240
ROUNDS = 4
SEED = 135
FIRST = ["extract", "load", "extract"]
EARLY = ["start", "extract", "load", "validate"]  # the later ones are hit night after night, in the other file

pytestmark = pytest.mark.timeout(1800)  # a busy machine takes ten times as long


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trial, list[Comparison]]]:
    directory = tmp_path_factory.mktemp("first_load")
    with trial(directory, OPPORTUNITIES, SEED, COSELL_WINDOW_PAGES="1") as done:
        yield done, list(done.run(ROUNDS, FIRST, EARLY, compare_every=3))


def test_nothing_is_lost_or_doubled(killed: tuple[Trial, list[Comparison]]) -> None:
    done, comparisons = killed
    assert [line for comparison in comparisons for line in comparison.wrong] == []
    assert len(comparisons) >= 2
    assert done.kills.total() >= ROUNDS
    assert done.kills.keys() >= set(EARLY)


def test_the_first_load_was_cut(killed: tuple[Trial, list[Comparison]]) -> None:
    done, _ = killed
    assert len(done.world.store.records) > 200
    assert sum(night.stage in FIRST for night in done.nights[: len(FIRST)]) >= 2


def test_readers_see_whole_warehouses(killed: tuple[Trial, list[Comparison]]) -> None:
    done, _ = killed
    assert {way: seen.errors for way, seen in done.seen.items()} == {"holds": [], "reopens": []}
    assert all(seen.queries > 50 and len(seen.published) >= 2 for seen in done.seen.values())
