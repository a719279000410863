"""Shapes: dataclasses as what goes over the wire: read from JSON, written to it, described by JSON Schema.

A field's type may be str, int, float, bool, date, datetime, dict, Literal, another dataclass, a tuple of these, or one
of these or None. ``Annotated`` says more of it: a sentence for the description, and ``Within``.
A dataclass whose ``ONE_OF`` names fields wants exactly one of them.
"""
