"""Every payload of the demo world against AWS's model, by another checker than the sandbox's own."""

import re
from collections import Counter
from typing import Any

import orjson
from botocore.validate import ParamValidator

from pipelines.sandbox.store import Store
from pipelines.sandbox.validation import service_model


def violations(shape: Any, value: Any) -> set[str]:
    """The members of a payload that break the model: botocore's own check for types, plain `re` for the rest."""
    report = ParamValidator().validate(value, shape)
    return {"types"} if report.has_errors() else set(_broken(shape, value))


def _broken(shape: Any, value: Any) -> list[str]:
    if value is None:
        return []
    if shape.type_name == "structure":
        return [name for member_name, item in value.items() for name in _broken(shape.members[member_name], item)]
    if shape.type_name == "list":
        too_long = len(value) > shape.metadata.get("max", len(value))
        return [shape.name] * too_long + [name for item in value for name in _broken(shape.member, item)]
    if shape.type_name == "map":
        return [name for item in value.values() for name in _broken(shape.value, item)]
    if shape.type_name != "string":
        return []
    is_known = not shape.enum or value in shape.enum or (shape.name, value) == ("PaymentFrequency", "None")
    fits = re.fullmatch(shape.metadata.get("pattern", r"(?s).*"), value)
    return [] if is_known and fits else [shape.name]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def test_payloads_are_legal_but_for_the_flaws(store: Store) -> None:
    def output(operation: str) -> Any:
        return service_model().operation_model(operation).output_shape

    broken: Counter[str] = Counter()
    for name, record in store.records.items():
        broken.update(violations(output("GetOpportunity"), without_nulls(record)))
        entry = orjson.loads(store.json(name)[1])
        assert len(violations(service_model().shape_for("OpportunitySummary"), without_nulls(entry))) <= 1
    assert broken.keys() == {"Stage", "Industry", "CurrencyCode"}
    assert broken["Stage"] == 4
    for summary in store.aws_summaries.values():
        assert violations(output("GetAwsOpportunitySummary"), without_nulls(summary)) <= {"CurrencyCode"}
    for revisions in store.snapshots.values():
        payload = without_nulls(orjson.loads(revisions[-1].payload))
        allowed = {"Stage", "Industry", "CurrencyCode"}
        assert violations(service_model().shape_for("ResourceSnapshotPayload"), payload) <= allowed
    for solution in store.solutions:
        assert not violations(service_model().shape_for("SolutionBase"), solution)
