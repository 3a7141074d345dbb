"""A pace shared by threads."""

import threading
import time
from collections.abc import Callable

AWS_READS_PER_SECOND = 10.0  # quota of a partner account, over all read operations
AWS_READS_PER_DAY = 100_000  # the same, over any 24 hours
READS_PER_SECOND = AWS_READS_PER_SECOND * 0.98  # just under the quota: measured to draw no throttle
AWS_WRITES_PER_SECOND = 1.0  # quota of a partner account, over all write operations
AWS_WRITES_PER_DAY = 10_000  # the same, over any 24 hours
WRITES_PER_SECOND = AWS_WRITES_PER_SECOND * 0.98  # just under the quota
THREADS = 8  # enough for the quota where a call takes 0.8 s; each waits for AWS most of the time


def is_write(operation: str) -> bool:
    """Tell whether an operation counts against the quota of writes: all do that do not read."""
    return not operation.startswith(("Get", "List"))


class Pacer:
    """Hands out instants at a fixed rate, one a call, over all threads that share it.

    No burst is ever saved up: AWS counts the calls of any second, so no sprint may follow a pause. A thread
    that wakes late costs nothing: the next instant counts from the one handed out, not from the waking.
    """

    def __init__(self, calls_per_second: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Set the pace in calls per second; 0 means unpaced."""
        self._sleep = sleep
        self._seconds_per_call = 1 / calls_per_second if calls_per_second > 0 else 0.0
        self._next_instant = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until the next call is allowed."""
        if not self._seconds_per_call:
            return
        with self._lock:
            now = time.monotonic()
            instant = max(now, self._next_instant)
            self._next_instant = instant + self._seconds_per_call
        self._sleep(instant - now)
