"""A field of a staged table and what AWS's service model says about it: the input of every landing rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One staged column, or one list of a staged table (`kind == "list"`: its `column` is the child table).

    Staged payload columns are VARCHAR, as AWS sent them. `minimum` and `maximum` bound the length of a string
    (in code points), the value of an integer, or the number of items of a list. `is_sensitive`: AWS marks the
    member as personal or commercial data. `is_person`: it belongs to a contact or a team member, and never
    leaves the landing.
    """

    table: str
    column: str
    path: str
    kind: str
    is_required: bool = False
    is_sensitive: bool = False
    is_person: bool = False
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
