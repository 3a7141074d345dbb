"""The named queries: one file of SQL each, which opens with a line that says what its rows are."""

import difflib
import re
from importlib.resources import files

from pipelines.errors import ConfigurationError

NAME = re.compile(r"[a-z][a-z-]*")
"""What can be a name: no statement that reads is a single word in small letters."""


def is_name(text: str) -> bool:
    """Tell whether a text is meant as the name of a query, not as SQL."""
    return NAME.fullmatch(text) is not None


def descriptions() -> dict[str, str]:
    """Return what the rows of each named query are, by name in order of the alphabet."""
    paths = sorted(
        (path for path in files(__name__).iterdir() if path.name.endswith(".sql")), key=lambda path: path.name
    )
    return {path.name.removesuffix(".sql"): _description(path.read_text("utf-8")) for path in paths}


def listing() -> str:
    """Show each named query with what its rows are, a line each."""
    told = descriptions()
    width = max(map(len, told))
    return "\n".join(f"{name:<{width}}  {says}" for name, says in told.items())


def named_sql(name: str) -> str:
    """Return the SQL of a named query. Raises ConfigurationError with the nearest name when there is none."""
    path = files(__name__) / f"{name}.sql"
    if not path.is_file():
        near = difflib.get_close_matches(name, descriptions(), n=1, cutoff=0.5)
        meant = f"did you mean `cosell query {near[0]}`? " if near else ""
        raise ConfigurationError(f"no query is named {name}: {meant}`cosell query --list` shows them all")
    return path.read_text("utf-8")


def _description(sql: str) -> str:
    return sql.partition("\n")[0].removeprefix("-- ")
