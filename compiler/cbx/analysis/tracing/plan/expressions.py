"""From the expressions of a plan to those of sqlglot, so that both front ends read expressions by one set of rules.

A column is written with its number for a name, ``#12``: which column a name means is settled here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import errors, exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Field, PythonCallSite
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.spark_functions import FUNCTIONS, GENERATORS, NONDETERMINISTIC
from cbx.analysis.sql.generators import is_generator
from cbx.analysis.sql.scope import Context, FromItem, Scope
from cbx.analysis.sql.trees.closed_world import replace_unknown
from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.tracing.plan.rows import FoundColumn, MissingColumn, QualifiedColumn, Rows, parts_of
from cbx.analysis.tracing.protocol import FILE_METADATA
from cbx.analysis.types.cast_types import cast_type
from cbx.analysis.types.type_rules import fields_of
from cbx.parse.dialect import DIALECT, read_one, write_sql
from cbx.parse.nesting import obstacle
from cbx.parse.types import normal_type
from cbx.syntax.text import PLACEHOLDER

Record = Mapping[str, Any]

_OPERATORS: dict[str, type[exp.Binary]] = {
    "==": exp.EQ, "=": exp.EQ, "<=>": exp.NullSafeEQ, "!=": exp.NEQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT,
    "<=": exp.LTE, "and": exp.And, "or": exp.Or, "+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div,
    "%": exp.Mod, "&": exp.BitwiseAnd, "|": exp.BitwiseOr, "^": exp.BitwiseXor, "like": exp.Like, "ilike": exp.ILike,
    "rlike": exp.RegexpLike,
}  # fmt: skip
_TYPES_OF_LITERALS = {
    "byte": "TINYINT", "short": "SMALLINT", "integer": "INT", "long": "BIGINT", "float": "FLOAT", "double": "DOUBLE",
    "date": "DATE", "timestamp": "TIMESTAMP", "timestamp_ntz": "TIMESTAMP_NTZ",
}  # fmt: skip
_SCALAR_UDFS = frozenset({100, 101, 200, 204, 250, 251})
"""The kinds of Python functions that give a value for each row, as `pyspark.util.PythonEvalType` numbers them."""

_AGGREGATE_UDFS = frozenset({202, 217, 252, 254})
"""Those that give a value for a group of rows."""

_ANY_ROWS = "?rows"
"""The name of an expression that may make several rows of one, or one of several."""

_MAKES_ROWS = GENERATORS | {_ANY_ROWS}
_DRAWS = "?draws "
_WRITTEN_OUT = (exp.Literal, exp.Boolean, exp.Null)
_MOST_OF_AN_INT = (1 << 31) - 1
_RANDOM = (exp.Rand, exp.Randn, exp.Randstr, exp.Shuffle, exp.Uniform, exp.Uuid)
"""What sqlglot makes of the functions that draw and that it knows."""


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A column that a step's input does not have.

    Attributes:
        name: As it was written.
        place: Where in the model's file.
        candidates: The names that would have been known.
    """

    name: str
    place: PythonCallSite | None
    candidates: tuple[str, ...]


@dataclass
class Reading:
    """What is shared while one plan is read.

    Attributes:
        context: Numbers columns.
        unknown: The columns that no step has.
        site: Where the step that is read was made.
    """

    context: Context
    unknown: list[UnknownName] = field(default_factory=list)
    site: list[Any] | None = None

    def report_missing(self, names: Iterable[str], rows: Rows) -> None:
        """Remember those of some names that rows do not have."""
        for name in names:
            quoted = f"`{name.replace('`', '``')}`"
            if rows.find(quoted) == MissingColumn(is_sure=True):
                self.report(quoted, rows)

    def report(self, name: str, rows: Rows, site: list[Any] | None = None) -> None:
        """Remember a name that rows do not have, used at a place in the file or somewhere in the step."""
        at = site or self.site
        spelled = ".".join(parts_of(name)) or name
        known = tuple(dict.fromkeys(one.field.name for one in rows.columns))
        self.unknown.append(UnknownName(spelled, PythonCallSite(*at) if at else None, known))


@dataclass
class Expressions:
    """Writes the expressions of one step, which can use the columns of its input.

    Attributes:
        rows: The input.
        reading: What is shared.
        named: Columns that the step itself has named so far; a later expression may use them.
        also_left_out: Whether columns that the input's step left out can be used.
        known: The columns that hold window functions, by what these say.
    """

    rows: Rows
    reading: Reading
    named: dict[str, Field] = field(default_factory=dict)
    also_left_out: bool = False
    known: dict[str, int] = field(default_factory=dict)
    _used: dict[int, Field] = field(default_factory=dict)

    def reader(self) -> ExpressionReader:
        """Reads what was written so far."""
        fields = tuple(Field(one.id, f"#{one.id}", one.type) for one in self._used.values())
        scope = Scope(
            from_items=[FromItem((), fields, is_open=False, certain_names=frozenset(one.name for one in fields))]
        )
        return ExpressionReader(scope, self.reading.context, self.known)

    def column(self, column: Field, path: tuple[str, ...] = ()) -> exp.Expr:
        """A column, or a field of a struct in it."""
        self._used[column.id] = column
        names = [f"#{column.id}", *path]
        node: exp.Expr = exp.Column(
            this=exp.to_identifier(names[min(len(names), 4) - 1], quoted=True),
            **{part: exp.to_identifier(name, quoted=True) for part, name in _qualified(names[:4])},
        )
        for name in names[4:]:
            node = exp.Dot(this=node, expression=exp.to_identifier(name, quoted=True))
        return node

    def unknown(self, *parts: exp.Expr, draws: bool = False) -> exp.Expr:
        """An expression of which no more is known than what it is made of; no other one is the same.

        Args:
            parts: What it is made of.
            draws: Whether it may give another value each time it is evaluated.
        """
        name = f"{_DRAWS if draws else '?'}{self.reading.context.number()}"
        return exp.Anonymous(this=name, expressions=list(parts))

    def write(self, record: Record) -> exp.Expr:  # noqa: C901, PLR0912 - a case for each kind of expression
        """An expression."""
        match record["kind"]:
            case "literal":
                return self._literal(record)
            case "unresolved_attribute" if record.get("is_metadata_column"):
                return self.unknown()
            case "unresolved_attribute":
                return self._attribute(record["unparsed_identifier"], record.get("plan_id"), record.get("site"))
            case "unresolved_function" | "call_function":
                return self._function(record)
            case "expression_string":
                return self._text(record["expression"])
            case "alias":
                return self.write(record["expr"])
            case "cast":
                return self._cast(record)
            case "window":
                return self._window(record)
            case "unresolved_extract_value":
                return exp.Bracket(this=self.write(record["child"]), expressions=[self.write(record["extraction"])])
            case "lambda_function":
                names = [exp.to_identifier(".".join(one["name_parts"])) for one in record.get("arguments", ())]
                return exp.Lambda(this=self.write(record["function"]), expressions=names)
            case "unresolved_named_lambda_variable":
                return exp.to_identifier(".".join(record["name_parts"]))
            case "sort_order":
                return self.write(record["child"])
            case "update_fields":
                parts = [record[name] for name in ("struct_expression", "value_expression") if name in record]
                return self.unknown(*map(self.write, parts))
            case "common_inline_user_defined_function":
                return self._python_function(record)
            case "unresolved_star" | "unresolved_regex":
                return self.unknown()
            case _:
                return exp.Anonymous(this=_ANY_ROWS, expressions=list(map(self.write, record.get("arguments", ()))))

    def _attribute(self, name: str, step: int | None, site: list[Any] | None) -> exp.Expr:
        found = self.rows.find(name, step, also_left_out=self.also_left_out)
        if isinstance(found, FoundColumn):
            return self.column(found.field, found.path)
        if step is None and name.lower() in self.named:
            return self.column(self.named[name.lower()])
        parts = parts_of(name)
        if parts[:1] == ("_metadata",):
            type_ = _type_tree(FILE_METADATA.get(parts[1])) if len(parts) == 2 else None
            return exp.Cast(this=self.unknown(), to=type_) if type_ else self.unknown()
        if found.is_sure and MARK not in name:
            self.reading.report(name, self.rows, site)
        return self.unknown()

    def _literal(self, record: Record) -> exp.Expr:
        kind, value = record["type"], record.get("value")
        if kind == "null":
            return exp.Null()
        if value is None:
            return self.unknown()
        if kind == "string":
            if MARK not in value:
                return exp.Literal.string(value)
            # What an environment sets is one value, but it may be the same as another.
            return exp.Concat(expressions=[exp.Literal.string(f"{PLACEHOLDER}{value}")])
        if kind == "boolean":
            return exp.Boolean(this=value == "True")
        if kind in {"integer", "long"} and (kind == "long") == (abs(int(value)) > _MOST_OF_AN_INT):
            number = exp.Literal.number(value.removeprefix("-"))
            return exp.Neg(this=number) if value.startswith("-") else number
        # As SQL would write them, other numbers and days have another type or are read by a rule of the type's own.
        written = exp.Concat(expressions=[exp.Literal.string(kind), exp.Literal.string(value)])
        type_ = _TYPES_OF_LITERALS.get(kind)
        return exp.Cast(this=written, to=_type_tree(type_)) if type_ else self.unknown()

    def _function(self, record: Record) -> exp.Expr:
        """A function by its name; one that is not listed, or belongs to somebody, may be anything."""
        name = record["function_name"].lower()
        arguments = record.get("arguments", [])
        is_distinct = record.get("is_distinct", False)
        if name == "count" and [one["kind"] for one in arguments] == ["unresolved_star"] and not is_distinct:
            return exp.Count(this=exp.Star())
        written = [self.write(one) for one in arguments]
        if name in GENERATORS:
            return self._by_name(name, written)
        is_listed = name in FUNCTIONS or name in NONDETERMINISTIC or (name in _OPERATORS and len(written) == 2)
        if not is_listed or record.get("is_user_defined_function") or record.get("is_internal"):
            return self.unknown(*written, draws=True)
        if is_distinct:
            return self._over_distinct(name, written)
        if name == "struct":
            return _struct([name_in_struct(one, at) for at, one in enumerate(arguments)], written)
        return self._called(name, written)

    def _over_distinct(self, name: str, written: list[exp.Expr]) -> exp.Expr:
        """An aggregate of the values that differ."""
        node = self._by_name(name, written)
        if not isinstance(node, exp.AggFunc) or not isinstance(node.args.get("this"), exp.Expr):
            return exp.AnonymousAggFunc(this=f"?{self.reading.context.number()}", expressions=written)
        node.set("this", exp.Distinct(expressions=written))
        node.set("expressions", None)
        return node

    def _python_function(self, record: Record) -> exp.Expr:
        """A function written in Python, of which nothing but its type is known."""
        written = [self.write(one) for one in record.get("arguments", ())]
        details = record["python_udf"]
        evaluation = details.get("eval_type")
        if evaluation in _AGGREGATE_UDFS:
            return exp.AnonymousAggFunc(this=f"?{self.reading.context.number()}", expressions=written)
        if evaluation not in _SCALAR_UDFS:
            return exp.Anonymous(this=_ANY_ROWS, expressions=written)
        value = self.unknown(*written, draws=not record.get("deterministic"))
        type_ = _type_tree(details.get("output_type"))
        return exp.Cast(this=value, to=type_) if type_ else value

    def _called(self, name: str, written: list[exp.Expr]) -> exp.Expr:
        match name, written:
            case "not", [exp.EQ(this=left, expression=right)]:
                return exp.NEQ(this=left, expression=right)
            case "not" | "!", [one]:
                return exp.Not(this=one)
            case "negative", [one]:
                return exp.Neg(this=one)
            case "isnull", [one]:
                return exp.Is(this=one, expression=exp.Null())
            case "isnotnull", [one]:
                return exp.Not(this=exp.Is(this=one, expression=exp.Null()))
            case "in", [one, *others]:
                return exp.In(this=one, expressions=others)
            case "when", [*pieces]:
                return _case(pieces)
            case _, [left, right] if name in _OPERATORS:
                return _OPERATORS[name](this=left, expression=right)
            case _:
                return self._by_name(name, written)

    def _by_name(self, name: str, written: list[exp.Expr]) -> exp.Expr:
        if not name.isidentifier():
            return self.unknown(*written)
        try:
            # Parsed from text, as sqlglot's parser alone knows what the arguments of each function are.
            by_name = {f"a{at}": one for at, one in enumerate(written) if not isinstance(one, _WRITTEN_OUT)}
            pieces = [write_sql(one) if f"a{at}" not in by_name else f"a{at}" for at, one in enumerate(written)]
            node = read_one(f"{name}({', '.join(pieces)})")
        except errors.SqlglotError:
            return exp.Anonymous(this=name, expressions=written)
        found = [one for one in node.find_all(exp.Column) if one.name in by_name]
        if sorted(one.name for one in found) != sorted(by_name):
            return exp.Anonymous(this=name, expressions=written)
        node = replace_unknown(node, list(node.walk()))
        for one in found:
            one.replace(by_name[one.name])
        return node

    def _cast(self, record: Record) -> exp.Expr:
        inner = self.write(record["expr"])
        kind = _type_tree(record.get("type_str") or record.get("type"))
        if kind is None:
            return self.unknown(inner)
        cast = exp.TryCast if record.get("eval_mode") == "EVAL_MODE_TRY" else exp.Cast
        return cast(this=inner, to=kind)

    def _window(self, record: Record) -> exp.Expr:
        parts = [self.write(one) for one in record.get("partition_spec", ())]
        order = [self._ordered(one) for one in record.get("order_spec", ())]
        return exp.Window(
            this=self.write(record["window_function"]),
            partition_by=parts,
            order=exp.Order(expressions=order) if order else None,
            spec=self._frame(record["frame_spec"]) if record.get("frame_spec") else None,
            over="OVER",
        )

    def _ordered(self, record: Record) -> exp.Ordered:
        return exp.Ordered(
            this=self.write(record["child"]),
            desc=record["direction"] == "SORT_DIRECTION_DESCENDING",
            nulls_first=record["null_ordering"] == "SORT_NULLS_FIRST",
        )

    def _frame(self, record: Record) -> exp.WindowSpec:
        """The frame of a window; what counts is that two frames are written alike only if they are the same."""
        ends = {}
        for side, field_ in (("start", "lower"), ("end", "upper")):
            bound = record[field_]
            word = "unbounded" if bound.get("unbounded") else "current row" if bound.get("current_row") else None
            ends[side] = word or self.write(bound["value"])
        return exp.WindowSpec(kind=record["frame_type"], **ends)

    def _text(self, text: str) -> exp.Expr:
        parsed = select_item(text)
        return self.unknown() if parsed is None else self.bind(parsed.unalias())

    def bind(self, node: exp.Expr, bound: frozenset[str] = frozenset()) -> exp.Expr:
        """Settle which columns the names in parsed SQL mean."""
        if isinstance(node, exp.Column):
            if node.parts[0].name.lower() in bound:
                return node
            name = ".".join(f"`{part.name}`" for part in node.parts)
            return self.unknown() if isinstance(node.this, exp.Star) else self._attribute(name, None, None)
        if isinstance(node, (exp.Query, exp.Subquery)):
            return self.unknown()
        if isinstance(node, exp.Lambda):
            bound |= {one.name.lower() for one in node.expressions}
        for child in list(node.iter_expressions()):
            replacement = self.bind(child, bound)
            if replacement is not child:
                child.replace(replacement)
        return node


def select_item(text: str) -> exp.Expr | None:
    """An item of SELECT as sqlglot parses it; None where the text is no single one, or holds an unknown value."""
    if MARK in text or obstacle(text):
        return None
    try:
        parsed = read_one(f"SELECT {text}")
    except (errors.SqlglotError, RecursionError):
        return None
    is_plain = isinstance(parsed, exp.Select) and not {name for name, value in parsed.args.items() if value} - {
        "expressions", "kind",
    }  # fmt: skip
    items = parsed.expressions if is_plain else []
    if len(items) != 1:
        return None
    item = items[0].pop()
    return replace_unknown(item, list(item.walk()))


def makes_rows(node: exp.Expr) -> bool:
    """Whether an expression makes several rows of one, be it in a way that nobody here understands.

    So does a sliding window of time, which puts a row into every window that holds it.
    """
    return any(
        is_generator(one)
        or (isinstance(one, exp.Anonymous) and str(one.this).lower() in _MAKES_ROWS)
        or (isinstance(one, exp.Anonymous) and str(one.this).lower() == "window" and len(one.expressions) > 2)
        for one in node.walk()
    )


def draws_again(node: exp.Expr) -> bool:
    """Whether an expression may give another value for the same row when it is evaluated once more."""
    return any(
        isinstance(one, _RANDOM)
        or (isinstance(one, exp.Anonymous) and str(one.this).startswith(_DRAWS))
        or (isinstance(one, exp.Anonymous) and str(one.this).lower() in NONDETERMINISTIC)
        for one in node.walk()
    )


def name_in_struct(record: Record, at: int) -> str:
    """What ``struct`` calls the field that an expression makes; ``at`` is its position."""
    match record["kind"]:
        case "alias":
            return str(record["name"][-1])
        case "unresolved_attribute":
            return (parts_of(record["unparsed_identifier"]) or ("",))[-1]
        case _:
            return f"col{at + 1}"


def _struct(names: list[str], values: list[exp.Expr]) -> exp.Struct:
    pairs = zip(names, values, strict=True)
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=one) for name, one in pairs]
    )


def _type_tree(text: str | None) -> exp.DataType | None:
    """A type as sqlglot has it; None for one that it does not read as Spark does."""
    if not text or obstacle(text):
        return None
    try:
        kind = exp.DataType.build(text, dialect=DIALECT)
    except (errors.SqlglotError, RecursionError):
        return None
    known = cast_type(kind)
    return kind if known is not None and known == normal_type(text) else None


def struct_columns(
    whole: Field, writer: Expressions, reading: Reading
) -> list[tuple[QualifiedColumn, exp.Expr]] | None:
    """The fields of a struct as columns; None where they are not known."""
    fields = fields_of(whole.type or "")
    return [
        (QualifiedColumn(reading.context.new_field(name, kind)), writer.column(whole, (name,))) for name, kind in fields
    ] or None


def is_changing(value: ir.Expression) -> bool:
    """Whether an expression need not give the same value twice."""
    return isinstance(value, ir.Computed) and not value.is_deterministic


def _case(pieces: list[exp.Expr]) -> exp.Expr:
    branches = [exp.If(this=test, true=value) for test, value in zip(pieces[0::2], pieces[1::2], strict=False)]
    return exp.Case(ifs=branches, default=pieces[-1] if len(pieces) % 2 else None)


def _qualified(names: list[str]) -> list[tuple[str, str]]:
    return list(zip(("table", "db", "catalog"), reversed(names[:-1]), strict=False))
