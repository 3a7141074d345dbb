"""The tables of the warehouse's schema `quality`, declared and described."""

import dataframely as dy


class Results(dy.Schema):
    """One row per expectation and run."""

    run_id = dy.String(description="The run that checked: ops.runs.run_id.")
    suite = dy.String(description="What was checked: landing, before the transforms, or marts, after them.")
    expectation = dy.String(description="Name of the rule, unique within a suite, table and column.")
    target = dy.String(description="Table that was checked.")
    column_name = dy.String(
        nullable=True,
        description="Column; child table, for a rule on a list; null, for the table as a whole.",
    )
    severity = dy.String(
        description="critical excludes the record or holds the publication; warning takes out the field, or "
        "only reports; info only reports."
    )
    success = dy.Bool(description="Whether no row fails.")
    evaluated = dy.Int64(
        description="Rows looked at: those with a value for a rule on values, 1 for a rule on a whole table."
    )
    unexpected = dy.Int64(description="Rows that fail.")


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
        description="Offending value as AWS sent it; null where it is missing, or withheld as sensitive.",
    )
    action = dy.String(description="excluded: the record is out of the marts; nulled: this field of it is.")
