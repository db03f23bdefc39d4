"""The picture of a task's life as `resources/lifecycle.json` describes it: nodes in columns, edges along lanes."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from taskmon.core.lifecycle import Status, facts
from taskmon.resource_files import resource_path


class Column(StrEnum):
    LEFT = "left"
    TRUNK = "trunk"
    RIGHT = "right"


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"


class Lane(StrEnum):
    """Where edges run between the boxes. All are upright but `GAP`, which crosses the trunk below In Progress."""

    LEFT_LOOP = "left-loop"
    LEFT_KILL = "left-kill"
    LEFT_BUS = "left-bus"
    RIGHT_BUS = "right-bus"
    RIGHT_LOOP = "right-loop"
    GAP = "gap"


class EdgeKind(StrEnum):
    TRUNK = "trunk"
    BRANCH = "branch"
    RESUBMIT = "resubmit"


class Place(NamedTuple):
    """A spot of the picture: a column and a height from 0 (top) to 1 (bottom)."""

    column: Column
    y: float


class Node(NamedTuple):
    status: Status
    place: Place
    short: str

    @property
    def alias(self) -> str:
        return facts(self.status).alias


class Port(NamedTuple):
    """A point on the side of a box, from -1 to 1 along it; 0 is its middle."""

    side: Side
    at: float


class Edge(NamedTuple):
    """A way from one state to another. A `quiet` one is drawn only once a task has taken it."""

    source: Status
    target: Status
    kind: EdgeKind
    leave: Port
    enter: Port
    lanes: tuple[Lane, ...]
    quiet: bool

    @property
    def key(self) -> tuple[Status, Status]:
        return self.source, self.target


class Picture(NamedTuple):
    """Everything to draw. `spare` is where a state stands that this version does not know."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    spare: Place

    @property
    def reading_order(self) -> tuple[Status, ...]:
        """The states as one would read them out: down the trunk, then the left column, then the right one."""
        columns = (Column.TRUNK, Column.LEFT, Column.RIGHT)
        ordered = sorted(self.nodes, key=lambda node: (columns.index(node.place.column), node.place.y))
        return tuple(node.status for node in ordered)


@cache
def lifecycle_picture() -> Picture:
    """The picture that taskmon ships. Raises NotFoundError if the file is missing."""
    written = json.loads(resource_path("lifecycle.json").read_text(encoding="utf-8"))
    return Picture(
        nodes=tuple(Node(Status(node["status"]), _place(node), node["short"]) for node in written["nodes"]),
        edges=tuple(edge for fan in written["edges"] for edge in _edges(fan)),
        spare=_place(written["spare"]),
    )


def _place(written: dict[str, Any]) -> Place:
    return Place(Column(written["column"]), float(written["y"]))


def _port(written: list[Any]) -> Port:
    return Port(Side(written[0]), float(written[1]))


def _edges(fan: dict[str, Any]) -> list[Edge]:
    sources, targets = ([end] if isinstance(end, str) else end for end in (fan["from"], fan["to"]))
    return [
        Edge(
            source=Status(source),
            target=Status(target),
            kind=EdgeKind(fan["kind"]),
            leave=_port(fan["leave"]),
            enter=_port(fan["enter"]),
            lanes=tuple(Lane(lane) for lane in fan.get("lanes", ())),
            quiet=fan.get("quiet", False),
        )
        for source, target in product(sources, targets)
    ]
