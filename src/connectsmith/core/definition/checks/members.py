"""Members that are unknown, and known ones that have no effect yet."""

from typing import Any

from connectsmith.core.definition.effect import WITHOUT_EFFECT
from connectsmith.core.definition.findings import Findings, Path, Rename, meant, nearest
from connectsmith.core.definition.model import Definition
from connectsmith.core.definition.shape import Shape, Slot, fitting, shape_of


def check_members(value: Any, findings: Findings) -> None:
    """Warn of unknown members (none for `x-`) and of members that are not carried out yet."""
    _object(value, shape_of(Definition), (), findings)


def _object(value: Any, shape: Shape, path: Path, findings: Findings) -> None:
    if not isinstance(value, dict):
        return
    unknown = value.keys() - shape.members.keys()
    if unknown:
        _unknown(value, shape, path, findings)
    table = WITHOUT_EFFECT.get(shape.name)
    if table:
        for name in value.keys() & table.keys():
            if table[name].concerns(value[name]):
                message = f'"{name}" has no effect yet: {table[name].instead}.'
                findings.warning("member_without_effect", (*path, name), message, on_name=True)
    for name, slot in shape.nested:
        if name in value:
            _nested(value[name], (slot, slot.depth), (*path, name), findings)


def _nested(value: Any, place: tuple[Slot, int], path: Path, findings: Findings) -> None:
    slot, depth = place
    if depth == 0:
        if isinstance(value, dict):
            _object(value, fitting(slot, value), path, findings)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _nested(each, (slot, depth - 1), (*path, index), findings)
    elif isinstance(value, dict):
        for name, each in value.items():
            _nested(each, (slot, depth - 1), (*path, name), findings)


def _unknown(value: dict[str, Any], shape: Shape, path: Path, findings: Findings) -> None:
    for name in value:
        if name in shape.members or name.startswith("x-") or findings.full:
            continue
        near = nearest(name, (each for each in shape.members if each not in value))
        message = f'"{_short(name)}" is not a member that the format knows here; it is kept.'
        findings.warning(
            "member_unknown",
            (*path, name),
            message + meant(near),
            on_name=True,
            repair=Rename(near) if near else None,
        )


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:57]}..."  # noqa: PLR2004 - names are shorter
