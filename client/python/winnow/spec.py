"""From plain Python values (or YAML) to messages of the contract, all mistakes at once.

The rules are those of ``dataset_schema.proto``: an enum value may be written in lower case
without its prefix; a message that has exactly one field, repeated and named ``values``, may be a
bare list; a message whose fields are all members of one oneof may be the bare name of a member;
``None`` means absent. ``curve: all`` stands for ``curve_all``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from winnow.errors import FieldViolation

M = TypeVar("M", bound=Message)

_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)


class SpecError(ValueError):
    """A job file or schema that does not fit the contract; ``violations`` lists every mistake."""

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        super().__init__("\n".join(str(violation) for violation in violations))
        self.violations = list(violations)


def load(source: str | Path | Mapping[str, Any] | M, message: M) -> M:
    """Fills ``message`` from a mapping, a message of its own type, or the path of a YAML or JSON
    file.

    Raises SpecError with every violation, and ``message`` holds what could be read; OSError when
    the file cannot be read.
    """
    if isinstance(source, type(message)):
        message.CopyFrom(source)
        return message
    if isinstance(source, (str, Path)):
        try:
            source = yaml.safe_load(Path(source).read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise SpecError([FieldViolation(str(source), f"is not YAML: {error}")]) from error
    violations: list[FieldViolation] = []
    _fill(message, source, "", violations)
    if violations:
        raise SpecError(violations)
    return message


def join(form: Sequence[FieldViolation], values: Sequence[FieldViolation]) -> list[FieldViolation]:
    """``form`` and behind it those of ``values`` that do not merely follow from one of ``form``: a
    field that is above, at or below one that could not be read, and a task or dataset that is
    missing while a top-level key is unknown."""

    def follows(value: FieldViolation, cause: FieldViolation) -> bool:
        if _is_within(value.path, cause.path) or _is_within(cause.path, value.path):
            return True
        return not re.search(r"[.[]", cause.path) and value.path in ("task", "dataset")

    return [*form, *(v for v in values if not any(follows(v, cause) for cause in form))]


def _is_within(path: str, root: str) -> bool:
    return path == root or path.startswith((root + ".", root + "["))


def _fill(message: Message, value: Any, path: str, violations: list[FieldViolation]) -> None:
    descriptor = message.DESCRIPTOR
    if isinstance(value, str) and _is_choice(descriptor):
        value = {value: {}}
    elif _is_list(descriptor) and isinstance(value, Sequence) and not isinstance(value, str):
        value = {"values": value}
    if not isinstance(value, Mapping):
        violations.append(FieldViolation(path or "(file)", f"expected a mapping, got {value!r}"))
        return
    for key, item in value.items():
        field = descriptor.fields_by_name.get(str(key))
        where = f"{path}.{key}" if path else str(key)
        if field is None:
            violations.append(FieldViolation(where, _unknown(str(key), descriptor)))
        elif item is None:
            continue
        elif str(key) == "curve" and item == "all" and "curve_all" in descriptor.fields_by_name:
            _set(message, descriptor.fields_by_name["curve_all"], True, where, violations)
        else:
            _set(message, field, item, where, violations)


def _is_choice(descriptor: Descriptor) -> bool:
    oneofs = descriptor.oneofs
    return len(oneofs) == 1 and len(oneofs[0].fields) == len(descriptor.fields) > 1


def _is_list(descriptor: Descriptor) -> bool:
    fields = descriptor.fields
    return len(fields) == 1 and fields[0].name == "values" and _repeated(fields[0])


def _repeated(field: FieldDescriptor) -> bool:
    return bool(field.label == FieldDescriptor.LABEL_REPEATED)


def _unknown(key: str, descriptor: Descriptor) -> str:
    known = [field.name for field in descriptor.fields]
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known) or 'none'}"
    return "unknown key" + hint


def _set(
    message: Message,
    field: FieldDescriptor,
    value: Any,
    path: str,
    violations: list[FieldViolation],
) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        _set_map(message, field, value, path, violations)
    elif _repeated(field):
        if isinstance(value, str) or not isinstance(value, Sequence):
            violations.append(FieldViolation(path, f"expected a list, got {value!r}"))
            return
        target = getattr(message, field.name)
        for index, item in enumerate(value):
            where = f"{path}[{index}]"
            if field.message_type is not None:
                _fill(target.add(), item, where, violations)
            else:
                scalar = _scalar(field, item, where, violations)
                if scalar is not None:
                    target.append(scalar)
    elif field.message_type is not None:
        target = getattr(message, field.name)
        target.SetInParent()
        _fill(target, value, path, violations)
    else:
        scalar = _scalar(field, value, path, violations)
        if scalar is not None:
            setattr(message, field.name, scalar)


def _set_map(
    message: Message,
    field: FieldDescriptor,
    value: Any,
    path: str,
    violations: list[FieldViolation],
) -> None:
    if not isinstance(value, Mapping):
        violations.append(FieldViolation(path, f"expected a mapping, got {value!r}"))
        return
    entry = field.message_type.fields_by_name["value"]
    target = getattr(message, field.name)
    for key, item in value.items():
        where = f"{path}.{key}"
        if entry.message_type is not None:
            _fill(target[str(key)], item if item is not None else {}, where, violations)
        else:
            scalar = _scalar(entry, item, where, violations)
            if scalar is not None:
                target[str(key)] = scalar


def _scalar(field: FieldDescriptor, value: Any, path: str, violations: list[FieldViolation]) -> Any:
    def bad(expected: str) -> None:
        violations.append(FieldViolation(path, f"expected {expected}, got {value!r}"))

    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        number = _enum_number(field.enum_type, value)
        if number is None:
            bad("one of " + ", ".join(_enum_names(field.enum_type)))
        return number
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return value if isinstance(value, bool) else bad("true or false")
    if kind in _INTEGERS:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        low, high = _INTEGERS[kind]
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole and low <= value <= high else bad("a whole number")
    if kind in _FLOATS:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return float(value) if number else bad("a number")
    return value if isinstance(value, str) else bad("a text")


def _prefix(descriptor: EnumDescriptor) -> str:
    letters = []
    for position, letter in enumerate(descriptor.name):
        if letter.isupper() and position > 0:
            letters.append("_")
        letters.append(letter.upper())
    return "".join(letters) + "_"


def _short(descriptor: EnumDescriptor, name: str) -> str:
    prefix = _prefix(descriptor)
    return (name[len(prefix) :] if name.startswith(prefix) else name).lower()


def _enum_names(descriptor: EnumDescriptor) -> list[str]:
    return [_short(descriptor, value.name) for value in descriptor.values if value.number != 0]


def _enum_number(descriptor: EnumDescriptor, value: Any) -> int | None:
    for known in descriptor.values:
        if isinstance(value, str) and value.lower() in (
            known.name.lower(),
            _short(descriptor, known.name),
        ):
            return int(known.number)
    return None
