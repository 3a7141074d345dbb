"""A payload held against what the model knows: each JSON type at each kind of member, at any depth."""

import json

import pytest
from botocore.model import ShapeResolver

from pipelines.partner_central.members import ODD_NAME, all_members, examine, member_tree
from pipelines.partner_central.service_model import member_paths, payloads, staged_fields

SHAPES = {
    "Record": {
        "type": "structure",
        "required": ["Text"],
        "members": {
            name: {"shape": name}
            for name in "Text When Bytes Count Long Ratio Float Flag Part Texts Parts Grid Totals Groups Any".split()
        },
    },
    "Text": {"type": "string"},
    "When": {"type": "timestamp"},
    "Bytes": {"type": "blob"},
    "Count": {"type": "integer"},
    "Long": {"type": "long"},
    "Ratio": {"type": "double"},
    "Float": {"type": "float"},
    "Flag": {"type": "boolean"},
    "Part": {"type": "structure", "members": {"Name": {"shape": "Text"}, "Count": {"shape": "Count"}}},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Parts": {"type": "list", "member": {"shape": "Part"}},
    "Grid": {"type": "list", "member": {"shape": "Texts"}},
    "Totals": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Count"}},
    "Groups": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Part"}},
    "Any": {"type": "a kind that nobody has thought of"},
}
TREE = member_tree(ShapeResolver(SHAPES).get_shape_by_name("Record"))

# What is said of a member of each kind for each JSON value; `-` where the value fits.
TYPES = """
    member   "1"     1       -5      1.5     1.0     true     {}      []     null  expected
    Text     -       number  number  number  number  boolean  object  array  -     string
    When     -       number  number  number  number  boolean  object  array  -     string
    Bytes    -       number  number  number  number  boolean  object  array  -     string
    Count    string  -       -       number  -       boolean  object  array  -     whole_number
    Long     string  -       -       number  -       boolean  object  array  -     whole_number
    Ratio    string  -       -       -       -       boolean  object  array  -     number
    Float    string  -       -       -       -       boolean  object  array  -     number
    Flag     string  number  number  number  number  -        object  array  -     boolean
    Part     string  number  number  number  number  boolean  -       array  -     object
    Totals   string  number  number  number  number  boolean  -       array  -     object
    Texts    string  number  number  number  number  boolean  object  -      -     array
    Parts    string  number  number  number  number  boolean  object  -      -     array
    Any      -       -       -       -       -       -        -       -      -     anything
"""
LINES = [line.split() for line in TYPES.strip().splitlines()]
CASES = [
    (member, value, set() if found == "-" else {f"{member}: {found}, not {row[-1].replace('_', ' ')}"})
    for member, *row in LINES[1:]
    for value, found in zip(LINES[0][1:-1], row, strict=False)
]


@pytest.mark.parametrize(("member", "value", "malformed"), CASES)
def test_each_json_type_at_each_kind(member: str, value: str, malformed: set[str]) -> None:
    found = examine(TREE, f'{{"{member}": {value}}}')
    assert (found.malformed, found.unknown) == (malformed, set())


@pytest.mark.parametrize(
    ("payload", "malformed"),
    [
        ("{}", set()),
        ("null", set()),
        ("[]", {"payload: array, not object"}),
        ('"text"', {"payload: string, not object"}),
        ('{"Part": {"Name": null, "Count": 1}}', set()),
        (
            '{"Part": {"Name": 1, "Count": "1"}}',
            {"Part.Name: number, not string", "Part.Count: string, not whole number"},
        ),
        ('{"Texts": ["a", null]}', set()),
        ('{"Texts": ["a", 1, 2, ["b"]]}', {"Texts[]: number, not string", "Texts[]: array, not string"}),
        ('{"Parts": [{}, null, {"Name": "a"}]}', set()),
        (
            '{"Parts": [{"Name": "a"}, {"Name": true}, "x"]}',
            {"Parts[].Name: boolean, not string", "Parts[]: string, not object"},
        ),
        ('{"Grid": [[], ["a"], [1], "b"]}', {"Grid[][]: number, not string", "Grid[]: string, not array"}),
        ('{"Totals": {"x": 1, "y": null, "any.name \\n at all": 2}}', set()),
        ('{"Totals": {"x": "1"}}', {"Totals{}: string, not whole number"}),
        ('{"Groups": {"x": {"Name": {}}}}', {"Groups{}.Name: object, not string"}),
        (f'{{"Count": {"9" * 30}, "Long": -{"9" * 5_000}}}', set()),  # beyond 64 bits; beyond what Python reads
        ('{"Ratio": 1e400, "Count": 1e400}', {"Count: number, not whole number"}),
    ],
)
def test_members_in_members(payload: str, malformed: set[str]) -> None:
    found = examine(TREE, payload)
    assert (found.malformed, found.unknown) == (malformed, set())


@pytest.mark.parametrize(
    ("payload", "unknown"),
    [
        ('{"New": 1}', {"New"}),
        ('{"New": null}', {"New"}),
        ('{"New": {"jane@example.com": {"Newer": [1]}}}', {"New"}),  # what is in it is not looked at
        ('{"Part": {"New": 1, "Name": "a"}}', {"Part.New"}),
        ('{"Parts": [{"New": 1}, {"New": 2}, {"New-er_2": 3}]}', {"Parts[].New", "Parts[].New-er_2"}),
        ('{"Groups": {"x": {"New": 1}}}', {"Groups{}.New"}),
        ('{"Text": {"New": 1}}', set()),  # the known member is malformed
        ('{"text": "a", "TEXT": "a"}', {"text", "TEXT"}),
        ('{"jane@example.com": 1, "": 2, "a.b": 3, "q\\"": 4, "\\n\\u0000\\u202e": 5}', {ODD_NAME}),
        (f'{{"Part": {{"{"N" * 10_000}": 1}}}}', {f"Part.{ODD_NAME}"}),
        (f'{{"{"N" * 64}": 1}}', {"N" * 64}),
    ],
)
def test_unknown_members(payload: str, unknown: set[str]) -> None:
    assert examine(TREE, payload).unknown == unknown


@pytest.mark.parametrize("depth", [100, 900, 1_000])
def test_deep_nesting_is_one_finding(depth: int) -> None:
    arrays, objects = "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth
    found = examine(TREE, f'{{"Text": {arrays}, "New": {objects}, "Part": {{"Name": {objects}}}}}')
    assert found.malformed == {"Text: array, not string", "Part.Name: object, not string"}
    assert found.unknown == {"New"}


@pytest.mark.parametrize(
    ("payload", "malformed"),
    [
        ('{"Text": "a", "Text": 1}', set()),
        ('{"Text": 1, "Text": "a"}', {"Text: number, not string"}),
        ('{"Part": {"Name": "a"}, "Part": "b"}', set()),
        ('{"Part": "b", "Part": {"Name": "a"}}', {"Part: string, not object"}),
    ],
)
def test_of_members_of_one_name_the_first_counts(payload: str, malformed: set[str]) -> None:
    assert examine(TREE, payload).malformed == malformed


def test_values_are_not_told() -> None:
    payload = {"Text": ["a secret"], "New": "a secret", "Part": "a secret", "Totals": {"a secret": "a secret"}}
    assert "secret" not in str(examine(TREE, json.dumps(payload)))


def test_every_kind_in_the_service_model_has_a_json_type() -> None:
    members = [member for payload in payloads() for member in all_members(member_tree(payload.shape))]
    assert {member.shape.type_name for member in members if member.json_type is None} == set()
    assert len(members) > 400


def test_every_staged_column_has_the_path_of_its_member() -> None:
    paths = member_paths()
    known: dict[str, set[str]] = {}
    for payload in payloads():
        known.setdefault(payload.landing_table, set()).update(m.path for m in all_members(member_tree(payload.shape)))
    assert {(field.table, field.column) for field in staged_fields() if field.kind != "list"} == set(paths)
    assert all(path in known[table.split("__")[0]] for (table, _), path in paths.items())
    assert paths["opportunity_versions__customer__contacts", "email"] == "Customer.Contacts[].Email"
    assert paths["resource_snapshots", "lifecycle__stage"] == "Payload.OpportunitySummary.Lifecycle.Stage"
