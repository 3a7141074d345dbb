"""Import Great Expectations, which takes seconds: while something else is waited for, and without what is not used."""

import importlib
import logging
import os
import sys
import threading
import warnings
from typing import Any

UNUSED = ("pyspark", "rfc3987_syntax")
"""What it imports where they are installed, at a second each. To run on Spark it needs the one, and the JSON schemas
that a format of the other is in are none of ours."""
_importing = threading.Lock()


def load_great_expectations() -> None:
    """Import Great Expectations, its telemetry off and silent, unless that is done."""
    with _importing:
        if "great_expectations.expectations" in sys.modules:
            return
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # what it has to say is in the results
        absent = [name for name in UNUSED if name not in sys.modules]
        blocked: Any = dict.fromkeys(absent)  # of a module that is None the import fails
        sys.modules.update(blocked)
        try:
            with warnings.catch_warnings(action="ignore"):  # the library's own are no news to a user
                importlib.import_module("great_expectations.expectations")
        finally:
            for name in absent:
                del sys.modules[name]


def load_in_background() -> None:
    """Begin to import Great Expectations in a thread of its own. The process does not end before that has."""
    if "great_expectations" not in sys.modules:
        threading.Thread(target=load_great_expectations, name="great-expectations").start()
