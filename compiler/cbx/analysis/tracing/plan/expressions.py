"""From the expressions of a plan to those of sqlglot, so that both front ends read expressions by one set of rules.

A column is written with its number for a name, ``#12``: which column a name means is settled here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import errors, exp

from cbx.analysis import relations as ir
from cbx.analysis.relations import CallSite, Field
from cbx.analysis.sql.expressions import ExpressionReader
from cbx.analysis.sql.generators import is_generator
from cbx.analysis.sql.scope import Context, Scope, Source
from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.tracing.plan.rows import Column, Found, Missing, Rows, parts_of
from cbx.parse.dialect import DIALECT, read_one, write_sql
from cbx.parse.nesting import obstacle

Record = Mapping[str, Any]

_OPERATORS: dict[str, type[exp.Binary]] = {
    "==": exp.EQ, "=": exp.EQ, "<=>": exp.NullSafeEQ, "!=": exp.NEQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT,
    "<=": exp.LTE, "and": exp.And, "or": exp.Or, "+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div,
    "%": exp.Mod, "&": exp.BitwiseAnd, "|": exp.BitwiseOr, "^": exp.BitwiseXor, "like": exp.Like, "ilike": exp.ILike,
    "rlike": exp.RegexpLike,
}  # fmt: skip
_NUMBERS = frozenset({"byte", "short", "integer", "long", "float", "double", "decimal"})
_MAKES_ROWS = frozenset({
    "collations", "explode", "explode_outer", "inline", "inline_outer", "json_tuple", "posexplode", "posexplode_outer",
    "range", "sequence_table", "stack", "variant_explode", "variant_explode_outer",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A column that a step's input does not have.

    Attributes:
        name: As it was written.
        place: Where in the model's file.
        candidates: The names that would have been known.
    """

    name: str
    place: CallSite | None
    candidates: tuple[str, ...]


@dataclass
class Reading:
    """What is shared while one plan is read.

    Attributes:
        context: Numbers columns.
        unknown: The columns that no step has.
        doubtful: The columns whose types the engine may have got wrong.
        site: Where the step that is read was made.
    """

    context: Context
    unknown: list[UnknownName] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    site: list[Any] | None = None

    def type_of(self, column: Field, found: str | None) -> str | None:
        """The type of a column that the engine found, unless it is doubtful."""
        return column.type if column.id in self.doubtful else found or column.type

    def report_missing(self, names: Iterable[str], rows: Rows) -> None:
        """Remember those of some names that rows do not have."""
        for name in names:
            quoted = f"`{name.replace('`', '``')}`"
            if rows.find(quoted) == Missing(is_sure=True):
                self.report(quoted, rows)

    def report(self, name: str, rows: Rows, site: list[Any] | None = None) -> None:
        """Remember a name that rows do not have, used at a place in the file or somewhere in the step."""
        at = site or self.site
        spelled = ".".join(parts_of(name)) or name
        known = tuple(dict.fromkeys(one.field.name for one in rows.columns))
        self.unknown.append(UnknownName(spelled, CallSite(*at) if at else None, known))


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
        scope = Scope(sources=[Source((), fields, is_open=False, certain=frozenset(one.name for one in fields))])
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

    def unknown(self, *parts: exp.Expr) -> exp.Expr:
        """An expression of which no more is known than what it is made of; no other one is the same."""
        return exp.Anonymous(this=f"?{self.reading.context.number()}", expressions=list(parts))

    def write(self, record: Record) -> exp.Expr:  # noqa: C901, PLR0912 - a case for each kind of expression
        """An expression."""
        match record["kind"]:
            case "literal":
                return self._literal(record)
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
            case _:
                return self.unknown(*map(self.write, record.get("arguments", ())))

    def _attribute(self, name: str, step: int | None, site: list[Any] | None) -> exp.Expr:
        found = self.rows.find(name, step, also_left_out=self.also_left_out)
        if isinstance(found, Found):
            return self.column(found.field, found.path)
        if step is None and name.lower() in self.named:
            return self.column(self.named[name.lower()])
        is_metadata = parts_of(name)[:1] == ("_metadata",)
        if found.is_sure and not is_metadata and MARK not in name:
            self.reading.report(name, self.rows, site)
        return self.unknown()

    def _literal(self, record: Record) -> exp.Expr:
        kind, value = record["type"], record.get("value")
        if kind == "null":
            return exp.Null()
        if value is None:
            return self.unknown()
        if kind == "string":
            literal = exp.Literal.string(value)
            # What an environment sets is one value, but it may be the same as another.
            return exp.Concat(expressions=[literal]) if MARK in value else literal
        if kind == "boolean":
            return exp.Boolean(this=value == "True")
        if kind in _NUMBERS:
            number = exp.Literal.number(value.removeprefix("-"))
            return exp.Neg(this=number) if value.startswith("-") else number
        return exp.Concat(expressions=[exp.Literal.string(kind), exp.Literal.string(value)])

    def _function(self, record: Record) -> exp.Expr:
        name = record["function_name"].lower()
        arguments = record.get("arguments", [])
        if name == "count" and arguments and arguments[0]["kind"] == "unresolved_star":
            return exp.Count(this=exp.Star())
        written = [self.unknown() if one["kind"] == "unresolved_star" else self.write(one) for one in arguments]
        if record.get("is_user_defined_function"):
            return self.unknown(*written)
        node = self._called(name, written)
        if record.get("is_distinct") and isinstance(node.args.get("this"), exp.Expr):
            node.set("this", exp.Distinct(expressions=written))
        return node

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
            by_name = {f"a{at}": one for at, one in enumerate(written) if not isinstance(one, exp.Literal)}
            pieces = [write_sql(one) if f"a{at}" not in by_name else f"a{at}" for at, one in enumerate(written)]
            node = read_one(f"{name}({', '.join(pieces)})")
        except errors.SqlglotError:
            return exp.Anonymous(this=name, expressions=written)
        found = [one for one in node.find_all(exp.Column) if one.name in by_name]
        if sorted(one.name for one in found) != sorted(by_name):
            return exp.Anonymous(this=name, expressions=written)
        for one in found:
            one.replace(by_name[one.name])
        return node

    def _cast(self, record: Record) -> exp.Expr:
        inner = self.write(record["expr"])
        text = record.get("type_str") or record.get("type")
        try:
            kind = exp.DataType.build(text, dialect=DIALECT) if text else None
        except errors.SqlglotError:
            kind = None
        if kind is None:
            return self.unknown(inner)
        cast = exp.TryCast if record.get("eval_mode") == "EVAL_MODE_TRY" else exp.Cast
        return cast(this=inner, to=kind)

    def _window(self, record: Record) -> exp.Expr:
        parts = [self.write(one) for one in record.get("partition_spec", ())]
        order = [exp.Ordered(this=self.write(one["child"])) for one in record.get("order_spec", ())]
        return exp.Window(
            this=self.write(record["window_function"]),
            partition_by=parts,
            order=exp.Order(expressions=order) if order else None,
            spec=exp.WindowSpec(kind="ROWS") if record.get("frame_spec") else None,
            over="OVER",
        )

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
    return items[0].pop() if len(items) == 1 else None


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


def struct_columns(whole: Field, writer: Expressions, reading: Reading) -> list[tuple[Column, exp.Expr]] | None:
    """The fields of a struct as columns; None where they are not known."""
    if obstacle(whole.type or ""):
        return None
    try:
        kind = exp.DataType.build(whole.type or "", dialect=DIALECT)
    except (errors.SqlglotError, RecursionError):
        return None
    if kind.this is not exp.DataType.Type.STRUCT:
        return None
    found = []
    for one in kind.expressions:
        new = reading.context.new_field(one.name, write_sql(one.kind) if one.args.get("kind") else None)
        found.append((Column(new), writer.column(whole, (one.name,))))
    return found


def is_changing(value: ir.Expression) -> bool:
    """Whether an expression need not give the same value twice."""
    return isinstance(value, ir.Computed) and not value.is_deterministic


def _case(pieces: list[exp.Expr]) -> exp.Expr:
    branches = [exp.If(this=test, true=value) for test, value in zip(pieces[0::2], pieces[1::2], strict=False)]
    return exp.Case(ifs=branches, default=pieces[-1] if len(pieces) % 2 else None)


def _qualified(names: list[str]) -> list[tuple[str, str]]:
    return list(zip(("table", "db", "catalog"), reversed(names[:-1]), strict=False))
