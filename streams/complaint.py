"""What is wrong with a value of the configuration, in words that need no knowledge of the program."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.complaint import Complaint

LIST = 'must be a list in brackets, such as ["one", "two"]'
TABLES = "must be tables; write each under [[endpoints]]"
_WORDS = {
    "missing": "is missing",
    "path_type": "must be a path in quotes",
    "string_type": "must be a text in quotes",
    "string_sub_type": "must be a text in quotes",
    "finite_number": "must be a finite number",
    "model_type": TABLES,
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
}


def sentence(complaint: Complaint, known: Iterable[str]) -> str:
    """With the key; `known` are those that may stand where it stands."""
    return f"{'.'.join(map(str, complaint.path))}: {_reason(complaint, known)}"


def _reason(complaint: Complaint, known: Iterable[str]) -> str:
    if complaint.kind == "extra_forbidden":
        return f"there is no such key; known keys: {', '.join(known)}"
    if complaint.kind == "tuple_type":
        return TABLES if complaint.path == ("endpoints",) else LIST
    return _WORDS.get(complaint.kind) or complaint.message.replace("Input should be", "must be", 1)
