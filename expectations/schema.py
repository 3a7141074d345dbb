"""The tables of the warehouse's schema `quality`, declared and described."""

import dataframely as dy

DRIFT_SUITE = "drift"
SHOWN_CHARACTERS = 200  # of a quarantined value, so that no text of AWS's can fill the tables


class Results(dy.Schema):
    """One row per expectation and run; in suite drift, one row per finding and the run that reported it."""

    run_id = dy.String(description="The run that checked: ops.runs.run_id.")
    suite = dy.String(
        description="What was checked: landing, before the transforms; marts, after them; drift, what the service "
        "model does not know, of which each finding is reported once."
    )
    expectation = dy.String(
        description="Name of the rule, unique within a suite, table and column; in suite drift known_member, "
        "known_value or known_type."
    )
    target = dy.String(description="Table that was checked.")
    column_name = dy.String(
        nullable=True,
        description="Column; child table, for a rule on a list; null, for the table as a whole. In suite drift the "
        "member of AWS's record, `[]` for any item of a list, with the value or the types: `LifeCycle.Stage = 'New'`, "
        "`Project.Title: number, not string`; `(and others)` for what is more than a run reports.",
    )
    severity = dy.String(
        description="critical excludes the record or holds the publication; warning takes out the field, or "
        "only reports; info only reports."
    )
    success = dy.Bool(description="Whether no row fails.")
    evaluated = dy.Int64(
        description="Rows looked at: those with a value for a rule on values, 1 for a rule on a whole table; in suite "
        "drift payloads that landed since the last examination, or values that an enum was held against."
    )
    unexpected = dy.Int64(description="Rows that fail; for `(and others)`, how many more findings there are.")


class Quarantine(dy.Schema):
    """One row per failing record and rule; the record itself stays in the landing."""

    run_id = dy.String(description="The run that quarantined: ops.runs.run_id.")
    opportunity_id = dy.String(nullable=True, description="Opportunity of the record; null for a solution.")
    source_table = dy.String(description="Table of the record, or of the list item that holds the value.")
    column_name = dy.String(description="Column that holds the offending value.")
    rule = dy.String(description="Name of the broken rule: quality.results.expectation.")
    severity = dy.String(description="critical for an excluded record, warning for a nulled field.")
    value = dy.String(
        nullable=True,
        description="Offending value as AWS sent it, one of more than 200 characters cut, with an ellipsis at the cut; "
        "null where it is missing, or withheld as sensitive.",
    )
    action = dy.String(description="excluded: the record is out of the marts; nulled: this field of it is.")


class Offences(dy.Schema):
    """One row per failing record and rule of the landing, those included that nothing comes of: what a night keeps of
    the opportunities that it does not check again."""

    row_key = dy.String(nullable=True, description="Key of the record, as the staging makes it.")
    opportunity_id = dy.String(nullable=True, description="Opportunity of the record; null for a solution.")
    source_table = dy.String(description="Table of the record, or of the list item that holds the value.")
    column_name = dy.String(description="Column that holds the offending value.")
    rule = dy.String(description="Name of the broken rule: quality.results.expectation.")
    severity = dy.String(description="Severity of the rule.")
    value = dy.String(nullable=True, description="Offending value, as `quality.quarantine` shows it.")
    action = dy.String(nullable=True, description="excluded, nulled, or null where the rule reports alone.")


class Checked(dy.Schema):
    """One row per opportunity and staged table that has records of it: how much each rule of the landing looked at."""

    opportunity_id = dy.String(
        primary_key=True, description="Identifier of the opportunity; empty for records of none."
    )
    source_table = dy.String(primary_key=True, description="Table of the records.")
    evaluated = dy.List(
        dy.Int32(nullable=True),
        description="For each rule of the table, in their order: records, or values for a rule on values.",
    )
