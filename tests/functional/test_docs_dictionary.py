"""The data dictionary is the published warehouse: every table and column, and nothing else."""

import re
from pathlib import Path

import duckdb
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "dictionary.md").read_text(encoding="utf-8")
COLUMNS = """
    SELECT schema_name || '.' || table_name, column_name, data_type, if(is_nullable, 'yes', 'no'), comment
    FROM duckdb_columns() WHERE NOT internal ORDER BY ALL
"""
TABLES = "SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() ORDER BY ALL"


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """What the page says of each table, by its name."""
    found = re.findall(r"^### (\S+)\n\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert len(found) == len(dict(found))
    return dict(found)


def test_every_table_with_its_grain(sections: dict[str, str], demo_data_dir: Path) -> None:
    told = sorted((name, text.partition("\n")[0]) for name, text in sections.items())
    with duckdb.connect(demo_data_dir / "warehouse.duckdb", read_only=True) as connection:
        assert told == connection.execute(TABLES).fetchall()


def test_every_column_with_its_type(sections: dict[str, str], demo_data_dir: Path) -> None:
    types = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    line = r"^\| `(\w+)` \| `([^`]+)` \| (yes|no) \| .*? \| ((?:[^|\\]|\\\|)+) \|$"
    told = [
        (table, column, types.get(declared, declared), null, meaning.replace("\\|", "|"))
        for table, text in sections.items()
        for column, declared, null, meaning in re.findall(line, text, re.MULTILINE)
    ]
    with duckdb.connect(demo_data_dir / "warehouse.duckdb", read_only=True) as connection:
        assert sorted(told) == connection.execute(COLUMNS).fetchall()


def test_the_contents_lead_to_every_table(sections: dict[str, str]) -> None:
    contents = re.findall(r"^\| \[`(\S+)`\]\(#(\S+)\) \|", PAGE, re.MULTILINE)
    assert contents == [(name, name.replace(".", "")) for name in sections]
