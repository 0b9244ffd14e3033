"""Checks the declared relationships against keys, columns and each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean, listing
from cbx.parse.databricks_sql.types import is_same_type, normal_type
from cbx.passes.facts.relationship_facts import type_cause
from cbx.passes.facts.table_facts import START_AT, holds_key
from cbx.project.identifiers import BETWEEN
from cbx.stages.resolved import Connected, PublishedParent, Relationship, Typed
from cbx.stages.resolved_model import Column, PythonCode, RelationshipClaim, ResolvedModel

if TYPE_CHECKING:
    from cbx.passes.facts.published_facts import PublishedTable


def check_relationships(typed: Typed, report: Report) -> Connected:
    """From claims to relationships.

    Before: ``orders`` declares ``many_to_one("silver.customers")`` and ``customers`` declares
    ``one_to_many("silver.orders")``. After: one relationship. CBX302 to CBX307 for claims that cannot be true.
    """
    claims = [claim for model in typed.models.values() for claim in model.claims if _relates_tables(claim, typed)]
    groups: dict[object, list[RelationshipClaim]] = {}
    for claim in claims:
        groups.setdefault(_relationship_identity(claim), []).append(claim)
    published = _published_tables(claims, typed)
    columns = {
        name: None if columns is None else {column.name.lower(): column for column in reversed(columns)}
        for name, columns in (*typed.columns.items(), *((name, table.columns) for name, table in published.items()))
    }
    relationships = []
    for group in groups.values():
        if _report_contradiction(group, report):
            continue
        for claim in group:
            _ClaimCheck(typed, columns, published.get(claim.parent), claim, report).run()
        relationships.append(_merge_claims(group, typed, published))
    ordered = sorted(relationships, key=lambda relationship: (relationship.child, relationship.parent, relationship.on))
    return Connected(
        typed.project,
        typed.models,
        typed.graph,
        typed.columns,
        typed.relations,
        typed.partly_declared,
        typed.traced,
        typed.proven_keys,
        typed.grains,
        typed.suspicions,
        tuple(ordered),
        {},
    )


def _published_tables(claims: Sequence[RelationshipClaim], typed: Typed) -> Mapping[str, PublishedTable]:
    """The parents in other projects."""
    if all(claim.parent_table is None for claim in claims):
        return {}
    from cbx.passes.facts.published_facts import published_tables

    return published_tables(typed.project, claims)


def _relates_tables(claim: RelationshipClaim, typed: Typed) -> bool:
    """Whether both tables exist and can be read; other claims are reported elsewhere."""
    ours = (claim.child,) if claim.parent_table is not None else (claim.parent, claim.child)
    return all(name in typed.models and typed.models[name].kind not in {"flow", "sink"} for name in ours) and (
        claim.parent_table is None or claim.parent in _published_tables([claim], typed)
    )


def _relationship_identity(claim: RelationshipClaim) -> object:
    """The same value for claims about the same relationship: its models and columns, whichever is the parent."""
    sides = [
        (claim.child, tuple(column for column, _ in claim.on)),
        (claim.parent, tuple(column for _, column in claim.on)),
    ]
    if claim.child == claim.parent:
        return tuple(sides)
    pairs = frozenset(
        frozenset({(claim.child, ours.lower()), (claim.parent, theirs.lower())}) for ours, theirs in claim.on
    )
    return (frozenset({claim.child, claim.parent}), pairs)


def _unique_sides(claim: RelationshipClaim) -> frozenset[str]:
    """The models that have at most one row for each value, by a claim."""
    return frozenset({claim.parent, claim.child}) if claim.cardinality == "one_to_one" else frozenset({claim.parent})


def _report_contradiction(group: list[RelationshipClaim], report: Report) -> bool:
    first = group[0]
    for claim in group[1:]:
        if _unique_sides(claim) != _unique_sides(first):
            declared, other = _describe_claim(claim), _describe_claim(first)
            message = f"`{claim.declared_by}` declares {declared}, but `{first.declared_by}` declares {other}"
            hint = "both describe the same columns; keep the one that is true"
            related = [Related("the other declaration", first.span)]
            report.add(codes.CONTRADICTING_RELATIONSHIPS, message, claim.span, hint=hint, related=related)
            return True
    return False


def _describe_claim(claim: RelationshipClaim) -> str:
    many = "one row" if claim.cardinality == "one_to_one" else "many rows"
    return f"that one row of `{claim.parent}` has {many} of `{claim.child}`"


def _merge_claims(
    group: list[RelationshipClaim], typed: Typed, published: Mapping[str, PublishedTable]
) -> Relationship:
    """The relationship of claims that agree; of one-to-one claims in both directions, the lower layer is the parent."""
    ranked = sorted(group, key=lambda claim: (_layer_rank(claim.parent, typed), claim.parent, claim.declared_by))
    chosen = ranked[0]
    enforce: Literal["warn", "fail"] = "fail" if any(claim.enforce == "fail" for claim in group) else "warn"
    return Relationship(
        chosen.parent,
        chosen.child,
        chosen.on,
        chosen.cardinality,
        enforce,
        chosen.span,
        published=_describe_parent(chosen, published),
    )


def _describe_parent(claim: RelationshipClaim, published: Mapping[str, PublishedTable]) -> PublishedParent | None:
    """The parent of another project; None for a model."""
    if claim.parent_table is None:
        return None
    table, names = published[claim.parent], [theirs for _, theirs in claim.on]
    key = next((key for key in table.keys if holds_key(names, [key])), ())
    types = {column.name.lower(): column.type for column in table.columns or ()}
    columns = {name.lower(): (name, types.get(name.lower(), "")) for name in (*names, *key)}
    return PublishedParent(claim.parent_table, key, table.verdicts.get(key), tuple(columns.values()))


def _layer_rank(model: str, typed: Typed) -> int:
    """The place of a model's layer; a table of another project comes first."""
    return typed.project.layers.index(typed.models[model].layer) if model in typed.models else -1


@dataclass(frozen=True)
class _ClaimCheck:
    typed: Typed
    known: Mapping[str, Mapping[str, Column] | None]
    published: PublishedTable | None
    claim: RelationshipClaim
    report: Report

    def run(self) -> None:
        if not self._check_columns():
            return
        self._check_types()
        if self._check_parent() or self.claim.cardinality == "one_to_one":
            self._check_child()

    def _check_columns(self) -> bool:
        claim = self.claim
        sides = (
            (claim.child, [(pair[0], spans[0]) for pair, spans in zip(claim.on, claim.on_spans, strict=True)]),
            (claim.parent, [(pair[1], spans[1]) for pair, spans in zip(claim.on, claim.on_spans, strict=True)]),
        )
        reported = len(self.report)
        for model, names in sides:
            columns = self.known[model]
            for name, span in names:
                if columns is not None and name.lower() not in columns:
                    message = f"the relationship of `{claim.child}` with `{claim.parent}` needs `{name}` in `{model}`"
                    hint = did_you_mean(
                        name,
                        [column.name for column in columns.values()],
                        "a dictionary maps the child's columns to the parent's",
                    )
                    self.report.add(
                        codes.UNKNOWN_RELATIONSHIP_COLUMN,
                        message,
                        span,
                        label="not a column",
                        hint=hint,
                        causes=[
                            *self._cause_of_column(model, name),
                            Cause(span.path, f"on {span.line}:{span.column}"),
                        ],
                    )
        return len(self.report) == reported

    def _cause_of_column(self, model: str, name: str) -> list[Cause]:
        own = self.typed.models.get(model)
        return [] if own is None else [Cause(own.path, f"column {name.lower()}")]

    def _check_types(self) -> None:
        claim = self.claim
        for (ours, theirs), (span, _) in zip(claim.on, claim.on_spans, strict=True):
            mine, other = self._type(claim.child, ours), self._type(claim.parent, theirs)
            if mine is not None and other is not None and not _are_comparable(mine, other):
                message = f"`{claim.child}.{ours}` is {mine}, but `{claim.parent}.{theirs}` is {other}"
                hint = "cast one of them in its model"
                sides = ((claim.child, ours), (claim.parent, theirs))
                causes = [type_cause(model, name) for model, name in sides]
                self.report.add(
                    codes.RELATIONSHIP_TYPE_MISMATCH, message, span, label="types differ", hint=hint, causes=causes
                )

    def _type(self, model: str, name: str) -> str | None:
        column = (self.known[model] or {}).get(name.lower())
        return normal_type(column.type) if column is not None else None

    def _has_doubtful_key(self, model: ResolvedModel, names: list[str]) -> bool:
        """Whether columns may be the key after a reported mistake in the key is fixed."""
        columns = self.known[model.id]
        existing = [column for column in model.key or () if column.lower() in (columns or ())]
        is_wrong = columns is not None and len(existing) < len(model.key or ())
        return "key" in model.unread or (is_wrong and holds_key(names, [tuple(existing)]))

    def _is_unique(self, model: ResolvedModel, names: list[str]) -> bool:
        """Whether columns include all columns of a declared or proven key."""
        return holds_key(names, (*model.declared_keys, *self.typed.proven_keys[model.id]))

    def _may_be_unique(self, model: ResolvedModel, names: list[str]) -> bool:
        """Whether columns may be an unknown key: the code was not analysed, or a mistake in the key was reported."""
        settings = self.typed.project.settings.compile
        is_left_out = not settings.analysis or (isinstance(model.code, PythonCode) and not settings.trace)
        return (is_left_out and not model.key) or self._has_doubtful_key(model, names)

    def _check_parent(self) -> bool:
        claim = self.claim
        names = [theirs for _, theirs in claim.on]
        if self.published is not None:
            return self._check_published_parent(self.published, names)
        parent = self.typed.models[claim.parent]
        if self._is_unique(parent, names) or self._may_be_unique(parent, names):
            return True
        keys = self._keys(parent)
        on = listing(names)
        hint = f"relate the models by {listing(keys[0])}" if keys else f"declare {on} as the key of `{parent.id}`"
        message = f"`{parent.id}` is the one side, but {on} is not unique in it: {_describe_keys(keys)}"
        self.report.add(
            codes.PARENT_NOT_UNIQUE,
            message,
            claim.span,
            label="the parent is not unique",
            hint=self._suggest_other_direction() or (f"{hint}, or relate the models by its key" if not keys else hint),
            related=_related_key(parent),
            causes=[*self._causes_of_uniqueness(parent, names), self._cause_of_claim()],
        )
        return False

    def _check_published_parent(self, parent: PublishedTable, names: list[str]) -> bool:
        """Check that columns are unique in a table of another project."""
        if holds_key(names, parent.keys):
            return True
        claim, on = self.claim, listing(names)
        project, _, identity = claim.parent.partition(BETWEEN)
        declare = f"declare {on} as the key of `{identity}` in `{project}`"
        message = f"`{claim.parent}` is the one side, but {on} is not unique in it: {_describe_keys(parent.keys)}"
        self.report.add(
            codes.PARENT_NOT_UNIQUE,
            message,
            claim.span,
            label="the parent is not unique",
            hint=f"relate the tables by {listing(parent.keys[0])}" if parent.keys else declare,
            causes=[self._cause_of_claim()],
        )
        return False

    def _suggest_other_direction(self) -> str | None:
        """A hint if the child is unique, so that the claim should have the other direction."""
        claim, child = self.claim, self.typed.models[self.claim.child]
        if claim.cardinality == "one_to_one" or not self._is_unique(child, [ours for ours, _ in claim.on]):
            return None
        word = "many_to_one" if claim.declared_by == claim.parent else "one_to_many"
        return f"the direction is reversed: write `{word}`"

    def _cause_of_claim(self) -> Cause:
        """The cause of problems on both sides of a claim."""
        span = self.claim.span
        return Cause(span.path, f"claim {span.line}:{span.column}")

    def _keys(self, model: ResolvedModel) -> tuple[tuple[str, ...], ...]:
        """The keys of a model, declared ones first, without the empty key of a result with one row."""
        return tuple(key for key in dict.fromkeys((*model.declared_keys, *self.typed.proven_keys[model.id])) if key)

    def _check_child(self) -> None:
        claim = self.claim
        child = self.typed.models[claim.child]
        names = [ours for ours, _ in claim.on]
        is_unique = self._is_unique(child, names)
        on = listing(names)
        if claim.cardinality == "one_to_one" and not is_unique and not self._may_be_unique(child, names):
            message = f"one-to-one, but {on} is not unique in `{child.id}`: {_describe_keys(self._keys(child))}"
            hint = f"declare {on} as its key, or declare that many rows belong to one"
            self.report.add(
                codes.ONE_TO_ONE_NOT_UNIQUE,
                message,
                claim.span,
                label="the child is not unique",
                hint=hint,
                related=_related_key(child),
                causes=[*self._causes_of_uniqueness(child, names), self._cause_of_claim()],
            )
        elif claim.cardinality == "one_to_many" and is_unique and not _holds_versions(child, names):
            if self._has_doubtful_key(child, names):
                return
            is_declared = child.key is not None and holds_key(names, [child.key])
            key = f"the key of `{child.id}`" if is_declared else f"unique in `{child.id}`"
            message = f"one-to-many, but {on} is {key}: each row of `{claim.parent}` has at most one"
            hint = "write `one_to_one`, or correct the key"
            self.report.add(
                codes.ONE_TO_MANY_IS_ONE_TO_ONE,
                message,
                claim.span,
                label="this is one-to-one",
                hint=hint,
                related=_related_key(child),
                causes=self._causes_of_uniqueness(child, names),
            )

    def _causes_of_uniqueness(self, model: ResolvedModel, names: list[str]) -> list[Cause]:
        """The causes of columns being unique or not: the key of the model, or of the models they come from.

        A query without a declared column may have its values under the name of another.
        """
        causes = []
        missing = self.report.causes_of(codes.MISSING_COLUMN)
        pending = [(model.id, tuple(name.lower() for name in names))]
        seen = set(pending)
        for at, wanted in pending:
            path = self.typed.models[at].path
            causes += [Cause(path, f"{listing(wanted)} is unique"), *(cause for cause in missing if cause.path == path)]
            key = self.typed.models[at].key
            if key is not None and holds_key(wanted, [key]):
                continue
            origins: dict[str, list[str]] = {}
            for name in wanted:
                column = (self.known[at] or {}).get(name)
                for table, origin in column.lineage or () if column is not None else ():
                    origins.setdefault(table, []).append(origin.lower())
            for table, columns in origins.items():
                if table in self.typed.models and (table, tuple(columns)) not in seen:
                    seen.add((table, tuple(columns)))
                    pending.append((table, tuple(columns)))
        return causes


def _describe_keys(keys: tuple[tuple[str, ...], ...]) -> str:
    if not keys:
        return "it has no known key"
    return f"its key is {listing(keys[0])}" if len(keys) == 1 else f"its keys are {' and '.join(map(listing, keys))}"


def _holds_versions(model: ResolvedModel, names: list[str]) -> bool:
    """Whether a table keeps the versions of a row: the target of AUTO CDC with SCD type 2."""
    is_history = model.cdc is not None and model.cdc.scd_type == 2
    return is_history and START_AT.lower() not in {name.lower() for name in names}


def _are_comparable(first: str, second: str) -> bool:
    """Whether values of two types that compare as equal are the same value."""
    from cbx.analysis.types.value_types import compare_exactly

    return is_same_type(first, second) or compare_exactly(first, second)


def _related_key(model: ResolvedModel) -> list[Related]:
    return [Related(f"the key of `{model.id}`", model.spans.at("key"))] if model.key else []
