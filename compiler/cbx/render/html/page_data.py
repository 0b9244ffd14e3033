"""The graph as the page's scripts read it: positions, colours, and the content of models' pages without their code.

Columns, rules and edges are arrays, because there are many of them; ``data.js`` names their fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cbx.graph.graph_document import ColumnNode, GraphDocument, Node, Relation
from cbx.graph.read_manifest import node_id
from cbx.render.html.card_size import card_size
from cbx.render.html.last_run import DatasetRun, LastRun
from cbx.render.labels import kind_in_words
from cbx.render.layout.layout import Point, Spacing, lay_out
from cbx.render.palette import layer_colours
from cbx.render.relationship_layout import lay_out_relationships

_SPACING = Spacing(rank=36, row=14, lane=10)
"""Smaller than in pictures: a screen is less wide, and the map can be panned."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check on the data in the pipeline: its dataset, its only rule and its notebook."""

    name: str
    rule: str
    artifact: str


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of keys by model and columns, and of relationships by parent, child and the child's columns."""

    keys: Mapping[tuple[str, tuple[str, ...]], Check]
    relations: Mapping[tuple[str, str, tuple[str, ...]], Check]


def read_checks(manifest: Mapping[str, Any]) -> Checks:
    """The checks of a manifest, as `cbx.emit.manifest` writes them."""
    keys, relations = {}, {}
    for check in manifest["checks"]:
        if "measure" in check or "test" in check:
            continue
        if "model" in check:
            keys[check["model"], tuple(check["columns"])] = Check(check["name"], "key_is_unique", check["artifact"])
        else:
            place = node_id(check["parent"], manifest["models"]), check["child"], tuple(check["on"])
            relations[place] = Check(check["name"], "parent_exists", check["artifact"])
    return Checks(keys, relations)


def page_data(document: GraphDocument, checks: Checks, runs: Sequence[LastRun]) -> dict[str, Any]:
    """Everything except the code of the models.

    Args:
        document: The graph to show.
        checks: The checks on the data.
        runs: The last runs, oldest first.
    """
    run = runs[-1] if runs else None
    context = _PageContext(
        document=document,
        layers={name: number for number, name in enumerate(document.lanes)},
        numbers={node.id: number for number, node in enumerate(document.nodes)},
        checks=checks,
        run=run,
    )
    card, name_lines = card_size(document, has_run=run is not None)
    layout = lay_out(
        {node.id: card for node in document.nodes},
        [(edge.source, edge.target) for edge in document.edges],
        {node.id: context.layers[node.layer] for node in document.nodes},
        _SPACING,
    )
    colours = layer_colours(document.lanes)
    return {
        "project": document.project,
        "layers": [
            {"name": name, "light": colours[name].light, "dark": colours[name].dark, "left": left, "right": right}
            for name, (left, right) in zip(document.lanes, layout.lanes, strict=True)
        ],
        "size": [round(layout.width), round(layout.height)],
        "card": [round(card.width), round(card.height), name_lines],
        "run": [run.at, run.state, run.problem] if run is not None else None,
        "updates": [[update.at, update.state] for update in runs],
        "nodes": [
            {
                **_node(node, context),
                **_history(node, runs),
                "columns": [_column(node, column, context) for column in node.columns],
                "place": [round(layout.boxes[node.id].x), round(layout.boxes[node.id].y)],
            }
            for node in document.nodes
        ],
        "edges": [
            [context.numbers[edge.source], context.numbers[edge.target], int(edge.mode == "stream"), _flat(route)]
            for edge, route in ((edge, layout.routes[edge.source, edge.target]) for edge in document.edges)
        ],
        "diagram": _diagram(document, context),
    }


@dataclass(frozen=True, slots=True)
class _PageContext:
    """What describes nodes: their graph, the numbers of layers and nodes, checks, and the last run."""

    document: GraphDocument
    layers: Mapping[str, int]
    numbers: Mapping[str, int]
    checks: Checks
    run: LastRun | None

    def counts(self, dataset: str, rule: str) -> tuple[int | None, int | None, int]:
        """How many rows passed and failed a rule, None if not counted; 1 if an earlier run counted them."""
        count = None if self.run is None else self.run.rules.get((dataset, rule))
        return (None, None, 0) if count is None else (count.passed, count.failed, int(count.is_unchanged))

    def check(self, check: Check | None) -> list[Any] | None:
        """The notebook and the counts of a check."""
        return None if check is None else [check.artifact, *self.counts(check.name, check.rule)]


def _node(node: Node, context: _PageContext) -> dict[str, Any]:
    dataset = context.run.datasets.get(node.dataset) if context.run is not None and node.is_model else None
    return {
        "id": node.id,
        "name": node.name,
        "layer": context.layers[node.layer],
        "kind": kind_in_words(node),
        "kindName": node.kind,
        "isModel": node.is_model,
        "path": node.path,
        "notebook": node.artifact,
        "language": node.language,
        "description": node.description,
        "tags": list(node.tags),
        "owner": node.owner,
        **({"pipeline": node.pipeline} if node.pipeline is not None else {}),
        **({"options": [list(option) for option in node.options]} if node.options else {}),
        "keys": [
            [list(key.columns), key.verdict, context.check(context.checks.keys.get((node.id, key.columns)))]
            for key in node.keys
        ],
        "run": None if dataset is None else _run(dataset),
        "rules": [
            [rule.name, rule.condition, rule.on_violation, *context.counts(node.dataset, rule.name)]
            for rule in node.rules
        ]
        + [
            [
                test.test,
                test.condition,
                "proven" if test.verdict == "proven" else test.on_violation,
                *context.counts(test.name, test.test),
                1,
            ]
            for test in node.tests
        ],
        "measures": [
            [
                measure.text,
                measure.column,
                measure.place,
                measure.verdict,
                measure.reason,
                measure.measure,
                list(measure.homes),
            ]
            for measure in node.measures
        ],
    }


def _run(dataset: DatasetRun) -> list[Any]:
    return [dataset.status, dataset.written, dataset.dropped, dataset.problem, dataset.seconds]


def _history(node: Node, runs: Sequence[LastRun]) -> dict[str, Any]:
    """The results of a model in each of several updates: status, rows, violations and seconds."""
    results = [(update, update.datasets.get(node.dataset)) for update in runs] if node.is_model else []
    if len(runs) < 2 or not any(dataset for _, dataset in results):
        return {}
    return {
        "history": [
            None
            if dataset is None
            else [dataset.status, dataset.written, dataset.dropped, update.violations[node.dataset], dataset.seconds]
            for update, dataset in results
        ]
    }


def _column(node: Node, column: ColumnNode, context: _PageContext) -> list[Any]:
    numbers = context.numbers
    lineage = column.lineage
    origins = None if lineage is None else [[numbers[table], name] for table, name in lineage if table in numbers]
    marks = int(column.is_not_null) + 2 * int(column.is_computed)
    return [column.name, column.type, column.description, marks, origins, *_home(node.id, column, context.document)]


def _home(model: str, column: ColumnNode, document: GraphDocument) -> list[Any]:
    """The tables and key of a column's home, whether the column is repeated, and what it is; empty if it is here."""
    home = document.home_elsewhere(model, column)
    if home is None and column.measure is None:
        return []
    tables, key = ([], []) if home is None else (list(home.tables), list(home.key))
    return [tables, key, int(document.is_counted_several_times(model, column)), column.measure]


def _diagram(document: GraphDocument, context: _PageContext) -> dict[str, Any]:
    diagram = lay_out_relationships(document)
    return {
        "size": [round(diagram.width), round(diagram.height)],
        "entities": [
            [
                context.numbers[entity.node.id],
                [round(side) for side in (entity.box.x, entity.box.y, entity.box.width, entity.box.height)],
                [
                    [row.name, row.type, row.key, int(row.is_proven), int(row.refers), int(row.role == "more")]
                    for row in entity.rows
                ],
            ]
            for entity in diagram.entities
        ],
        "relations": [
            [
                context.numbers[line.relation.parent],
                context.numbers[line.relation.child],
                [list(pair) for pair in line.relation.on],
                line.relation.cardinality,
                line.relation.verdict,
                int(line.relation.parent_end == "exactly one"),
                int(line.relation.child_end == "zero or more"),
                context.check(context.checks.relations.get(_place(line.relation))),
                _flat(line.route),
            ]
            for line in diagram.lines
        ],
    }


def _place(relation: Relation) -> tuple[str, str, tuple[str, ...]]:
    return relation.parent, relation.child, tuple(child for child, _ in relation.on)


def _flat(route: Iterable[Point]) -> list[int]:
    return [round(number) for point in route for number in point]
