"""Chance that repeats itself: the same seed rolls the same deal."""

import math
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

from pipelines.sandbox.instants import NANOSECONDS_PER_SECOND

Item = TypeVar("Item")
NANOSECONDS_PER_DAY = 86_400 * NANOSECONDS_PER_SECOND


class Dice(random.Random):
    """Everything is drawn through `random()` alone, whose sequence Python never changes."""

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[int(self.random() * len(items))]

    def weighted(self, weights: Mapping[Item, float]) -> Item:
        """One of the keys, as likely as its weight says."""
        left = self.random() * sum(weights.values())
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return item

    def some(self, items: Sequence[Item], least: int, most: int) -> list[Item]:
        """Several different items, in their own order."""
        wanted = self.whole(least, most)
        chosen: list[Item] = []
        for position, item in enumerate(items):
            if self.random() * (len(items) - position) < wanted - len(chosen):
                chosen.append(item)
        return chosen

    def whole(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return least + int(self.random() * (most - least + 1))

    def around(self, median: float, spread: float = 0.6) -> float:
        """A positive number with a long upper tail (log-normal) around its median."""
        angle = math.tau * self.random()
        normal = math.sqrt(-2 * math.log(1 - self.random())) * math.cos(angle)
        return median * math.exp(spread * normal)

    def days(self, least: float, most: float) -> int:
        """A span of so many days, in nanoseconds."""
        return int((least + (most - least) * self.random()) * NANOSECONDS_PER_DAY)
