import re
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.fields import Field
from expectations.landing import landing_rules
from expectations.patterns import Translation, translate
from pipelines.partner_central.service_model import service_model, staged_fields

MODEL_PATTERNS = sorted(
    {
        str(shape.metadata["pattern"])
        for shape in map(service_model().shape_for, service_model().shape_names)
        if "pattern" in shape.metadata
    }
)
STAGED_PATTERNS = sorted({field.pattern for field in staged_fields() if field.pattern})


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("pattern", "translation"),
    [
        ("O[0-9]{1,19}", Translation(regex="O[0-9]{1,19}")),
        ("(?s).{0,255}", Translation(maximum=255)),
        ("(?s).{20,2000}", Translation(minimum=20, maximum=2000)),
        (".{1,255}", Translation(regex=".{1,255}")),  # without (?s) no line may break
        ("(?=.{0,80}$)[a-z]+@b", Translation(maximum=80, regex="[a-z]+@b")),
        (r"[\u0020-\uFFFD]{1,80}", Translation(regex=r"[\x{0020}-\x{FFFD}]{1,80}")),
    ],
)
def test_what_re2_lacks_is_said_otherwise(pattern: str, translation: Translation) -> None:
    assert translate(pattern) == translation


@pytest.mark.parametrize("pattern", MODEL_PATTERNS)
def test_every_pattern_of_the_model_compiles_in_duckdb(connection: duckdb.DuckDBPyConnection, pattern: str) -> None:
    regex = translate(pattern).regex
    if regex is None:
        assert translate(pattern).maximum is not None
    else:
        connection.execute("SELECT regexp_matches('a', ?)", [f"^(?:{regex})$"]).fetchall()


def test_some_patterns_do_not_compile_untranslated(connection: duckdb.DuckDBPyConnection) -> None:
    refused = []
    for pattern in MODEL_PATTERNS:
        try:
            connection.execute("SELECT regexp_matches('a', ?)", [pattern]).fetchall()
        except duckdb.InvalidInputException:
            refused.append(pattern)
    assert len(refused) >= 10


@pytest.mark.parametrize("pattern", STAGED_PATTERNS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_rules_of_a_pattern_agree_with_python(pattern: str, data: st.DataObject) -> None:
    field = Field("t", "c", "C", "string", pattern=pattern)
    rules = [rule for rule in landing_rules([field]) if rule.column == "c"]
    python = re.compile(pattern.replace("$)", r"\Z)"), re.ASCII)
    body = re.compile(re.sub(r"^\(\?=[^)]*\)", "", pattern), re.ASCII)  # Hypothesis cannot build for a look-ahead
    text = st.from_regex(body, fullmatch=True) | _near_misses(body)
    texts = data.draw(st.lists(text, min_size=5, max_size=20))
    with duckdb.connect() as connection:  # a fixture would outlive its module: Hypothesis keeps what it was given
        connection.execute("CREATE TABLE t AS SELECT unnest($1) AS c, unnest($1) AS row_key", [texts])
        failing = {text for rule in rules for (text,) in connection.execute(rule.failing_in("t")).fetchall()}
    assert failing == {text for text in texts if not python.fullmatch(text)}


def _near_misses(python: re.Pattern[str]) -> st.SearchStrategy[str]:
    """Texts that hold a match, but also something before or after it."""
    noise = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
    return st.tuples(noise, st.from_regex(python), noise).map("".join)
