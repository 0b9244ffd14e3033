"""Translates the expressions of a plan to those of sqlglot, so that both front ends share the rules for expressions.

Names are resolved here: a column gets its number as its name, ``#12``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlglot import errors, exp

from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.places import PythonCallSite
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.mismatched_types import mismatched_types
from cbx.analysis.sql.expressions.spark_functions import FUNCTIONS, GENERATORS, NONDETERMINISTIC
from cbx.analysis.sql.hazards.changing_functions import changing_functions
from cbx.analysis.sql.hazards.null_comparisons import null_comparisons
from cbx.analysis.sql.scope import FromItem, Scope
from cbx.analysis.sql.trees.closed_world import replace_unknown
from cbx.analysis.sql.trees.query_spans import set_call_site
from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.tracing.plan.evaluations import ANY_ROWS, DRAWS
from cbx.analysis.tracing.plan.literals import write_literal
from cbx.analysis.tracing.plan.parsed_texts import parse_select_item, parse_type
from cbx.analysis.tracing.plan.reading import CallSiteRecord, Reading, Record, call_site
from cbx.analysis.tracing.plan.rows import FoundColumn, QualifiedColumn, Rows, parts_of
from cbx.analysis.tracing.protocol import FILE_METADATA
from cbx.analysis.types.type_rules import fields_of
from cbx.parse.databricks_sql.dialect import read_one, write_sql

_OPERATORS: dict[str, type[exp.Binary]] = {
    "==": exp.EQ, "=": exp.EQ, "<=>": exp.NullSafeEQ, "!=": exp.NEQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT,
    "<=": exp.LTE, "and": exp.And, "or": exp.Or, "+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div,
    "%": exp.Mod, "&": exp.BitwiseAnd, "|": exp.BitwiseOr, "^": exp.BitwiseXor, "like": exp.Like, "ilike": exp.ILike,
    "rlike": exp.RegexpLike,
}  # fmt: skip
_SCALAR_UDFS = frozenset({100, 101, 200, 204, 250, 251})
"""The kinds of Python functions that return a value for each row, as `pyspark.util.PythonEvalType` numbers them."""

_AGGREGATE_UDFS = frozenset({202, 217, 252, 254})
"""Those that return a value for a group of rows."""

_WRITTEN_OUT = (exp.Literal, exp.Boolean, exp.Null)


@dataclass
class ExpressionWriter:
    """Writes the expressions of one step, which can use the columns of its input.

    Attributes:
        rows: The input.
        reading: The state.
        named: Columns that earlier expressions of the step have named; later ones may use them.
        also_left_out: Whether columns that the input's step omitted can be used.
        window_columns: The columns with the results of window functions, by function.
    """

    rows: Rows
    reading: Reading
    named: dict[str, Field] = dataclasses.field(default_factory=dict)
    also_left_out: bool = False
    window_columns: dict[str, int] = dataclasses.field(default_factory=dict)
    _used: dict[int, Field] = dataclasses.field(default_factory=dict)

    def build_reader(self) -> ExpressionReader:
        """A reader of the expressions written so far."""
        fields = tuple(Field(used.id, f"#{used.id}", used.type) for used in self._used.values())
        scope = Scope(
            from_items=[FromItem((), fields, is_open=False, certain_names=frozenset(field.name for field in fields))]
        )
        return ExpressionReader(scope, self.reading.context, self.window_columns)

    def write_column(self, column: Field, path: tuple[str, ...] = ()) -> exp.Expr:
        """A column, or a field of a struct in it."""
        self._used[column.id] = column
        names = [f"#{column.id}", *path]
        node: exp.Expr = exp.Column(
            this=exp.to_identifier(names[min(len(names), 4) - 1], quoted=True),
            **{part: exp.to_identifier(name, quoted=True) for part, name in _qualifier_parts(names[:4])},
        )
        for name in names[4:]:
            node = exp.Dot(this=node, expression=exp.to_identifier(name, quoted=True))
        return node

    def write_unknown(self, *parts: exp.Expr, draws: bool = False) -> exp.Expr:
        """An unknown expression with known parts; it equals no other.

        Args:
            parts: Its parts.
            draws: Whether it may give another value each time it is evaluated.
        """
        name = f"{DRAWS if draws else '?'}{self.reading.context.number()}"
        return exp.Anonymous(this=name, expressions=list(parts))

    def write(self, record: Record) -> exp.Expr:  # noqa: C901, PLR0912 - a case for each kind of expression
        """An expression."""
        match record["kind"]:
            case "literal":
                return write_literal(record) or self.write_unknown()
            case "unresolved_attribute" if record.get("is_metadata_column"):
                return self.write_unknown()
            case "unresolved_attribute":
                site = record.get("site")
                column = self._write_attribute(record["unparsed_identifier"], record.get("plan_id"), site)
                return set_call_site(column, call_site(site))
            case "unresolved_function" | "call_function":
                return self._note_hazards(self._write_function(record), record.get("site"))
            case "expression_string":
                return self._write_text(record["expression"])
            case "alias":
                return self.write(record["expr"])
            case "cast":
                return self._write_cast(record)
            case "window":
                return self._write_window(record)
            case "unresolved_extract_value":
                return exp.Bracket(this=self.write(record["child"]), expressions=[self.write(record["extraction"])])
            case "lambda_function":
                names = [
                    exp.to_identifier(".".join(argument["name_parts"])) for argument in record.get("arguments", ())
                ]
                return exp.Lambda(this=self.write(record["function"]), expressions=names)
            case "unresolved_named_lambda_variable":
                return exp.to_identifier(".".join(record["name_parts"]))
            case "sort_order":
                return self.write(record["child"])
            case "update_fields":
                parts = [record[name] for name in ("struct_expression", "value_expression") if name in record]
                return self.write_unknown(*map(self.write, parts))
            case "common_inline_user_defined_function":
                return self._write_python_function(record)
            case "unresolved_star" | "unresolved_regex":
                return self._write_star()
            case _:
                return exp.Anonymous(this=ANY_ROWS, expressions=list(map(self.write, record.get("arguments", ()))))

    def _write_star(self) -> exp.Expr:
        """An unknown expression over all columns, as a star in a call is."""
        return self.write_unknown(*map(self.write_column, self.rows.fields))

    def _note_hazards(self, node: exp.Expr, site: CallSiteRecord | None) -> exp.Expr:
        """Note the hazards of a call, and where it is."""
        set_call_site(node, call_site(site))
        self.reading.context.suspicions += [*null_comparisons([node]), *changing_functions([node])]
        return node

    def note_mismatched_types(self, node: exp.Expr, reader: ExpressionReader) -> None:
        """Note what Spark refuses for its types, at a call or at the step, with the names that the columns have."""
        names = {f"#{used.id}": used.name.lower() for used in self._used.values()}
        site = call_site(self.reading.site)
        for mistake in mismatched_types([node], reader):
            place = mistake.place if isinstance(mistake.place, PythonCallSite) else site
            columns = tuple(names.get(column, column) for column in mistake.columns)
            self.reading.context.mistakes.append(dataclasses.replace(mistake, place=place, columns=columns))

    def _write_attribute(self, name: str, step: int | None, site: CallSiteRecord | None) -> exp.Expr:
        match = self.rows.find(name, step, also_left_out=self.also_left_out)
        if isinstance(match, FoundColumn):
            return self.write_column(match.field, match.path)
        if step is None and match.is_sure and name.lower() in self.named:
            return self.write_column(self.named[name.lower()])
        parts = parts_of(name)
        if parts[:1] == ("_metadata",):
            type_ = parse_type(FILE_METADATA.get(parts[1])) if len(parts) == 2 else None
            return exp.Cast(this=self.write_unknown(), to=type_) if type_ else self.write_unknown()
        if match.is_sure and MARK not in name:
            self.reading.report(name, self.rows, site)
        return self.write_unknown()

    def _write_function(self, record: Record) -> exp.Expr:
        """A function by its name; a function that is not listed, or that is user-defined, is opaque."""
        name = record["function_name"].lower()
        arguments = record.get("arguments", [])
        is_distinct = record.get("is_distinct", False)
        if name == "count" and [argument["kind"] for argument in arguments] == ["unresolved_star"] and not is_distinct:
            return exp.Count(this=exp.Star())
        written = [self.write(argument) for argument in arguments]
        if name in GENERATORS:
            return self._write_by_name(name, written)
        is_operator = (name in _OPERATORS and len(written) == 2) or name == "~"
        is_listed = name in FUNCTIONS or name in NONDETERMINISTIC or is_operator
        if not is_listed or record.get("is_user_defined_function") or record.get("is_internal"):
            return self.write_unknown(*written, draws=True)
        if is_distinct:
            return self._write_distinct_aggregate(name, written)
        if name == "struct":
            return _build_struct([name_in_struct(argument, at) for at, argument in enumerate(arguments)], written)
        return self._write_call(name, written)

    def _write_distinct_aggregate(self, name: str, written: list[exp.Expr]) -> exp.Expr:
        """An aggregate with DISTINCT."""
        node = self._write_by_name(name, written)
        if not isinstance(node, exp.AggFunc) or not isinstance(node.args.get("this"), exp.Expr):
            return exp.AnonymousAggFunc(this=f"?{self.reading.context.number()}", expressions=written)
        node.set("this", exp.Distinct(expressions=written))
        node.set("expressions", None)
        return node

    def _write_python_function(self, record: Record) -> exp.Expr:
        """A Python function, of which only the type is known."""
        written = [self.write(argument) for argument in record.get("arguments", ())]
        details = record["python_udf"]
        evaluation = details.get("eval_type")
        if evaluation in _AGGREGATE_UDFS:
            return exp.AnonymousAggFunc(this=f"?{self.reading.context.number()}", expressions=written)
        if evaluation not in _SCALAR_UDFS:
            return exp.Anonymous(this=ANY_ROWS, expressions=written)
        value = self.write_unknown(*written, draws=not record.get("deterministic"))
        type_ = parse_type(details.get("output_type"))
        return exp.Cast(this=value, to=type_) if type_ else value

    def _write_call(self, name: str, written: list[exp.Expr]) -> exp.Expr:
        match name, written:
            case "not", [exp.EQ(this=left, expression=right)]:
                return exp.NEQ(this=left, expression=right)
            case "not" | "!", [operand]:
                return exp.Not(this=operand)
            case "~", [operand]:
                return exp.BitwiseNot(this=operand)
            case "negative", [operand]:
                return exp.Neg(this=operand)
            case "isnull", [operand]:
                return exp.Is(this=operand, expression=exp.Null())
            case "isnotnull", [operand]:
                return exp.Not(this=exp.Is(this=operand, expression=exp.Null()))
            case "in", [operand, *others]:
                return exp.In(this=operand, expressions=others)
            case "when", [*pieces]:
                return _build_case(pieces)
            case _, [left, right] if name in _OPERATORS:
                return _OPERATORS[name](this=left, expression=right)
            case _:
                return self._write_by_name(name, written)

    def _write_by_name(self, name: str, written: list[exp.Expr]) -> exp.Expr:
        if not name.isidentifier():
            return self.write_unknown(*written)
        try:
            # Parsed from text, as sqlglot's parser alone knows what the arguments of each function are.
            by_name = {
                f"a{at}": argument for at, argument in enumerate(written) if not isinstance(argument, _WRITTEN_OUT)
            }
            pieces = [
                write_sql(argument) if f"a{at}" not in by_name else f"a{at}" for at, argument in enumerate(written)
            ]
            node = read_one(f"{name}({', '.join(pieces)})")
        except errors.SqlglotError:
            return exp.Anonymous(this=name, expressions=written)
        columns = [column for column in node.find_all(exp.Column) if column.name in by_name]
        if sorted(column.name for column in columns) != sorted(by_name):
            return exp.Anonymous(this=name, expressions=written)
        node = replace_unknown(node, list(node.walk()))
        for column in columns:
            column.replace(by_name[column.name])
        return node

    def _write_cast(self, record: Record) -> exp.Expr:
        inner = self.write(record["expr"])
        kind = parse_type(record.get("type_str") or record.get("type"))
        if kind is None:
            return self.write_unknown(inner)
        cast = exp.TryCast if record.get("eval_mode") == "EVAL_MODE_TRY" else exp.Cast
        return cast(this=inner, to=kind)

    def _write_window(self, record: Record) -> exp.Expr:
        parts = [self.write(expression) for expression in record.get("partition_spec", ())]
        order = [self._write_sort_order(expression) for expression in record.get("order_spec", ())]
        return exp.Window(
            this=self.write(record["window_function"]),
            partition_by=parts,
            order=exp.Order(expressions=order) if order else None,
            spec=self._write_window_frame(record["frame_spec"]) if record.get("frame_spec") else None,
            over="OVER",
        )

    def _write_sort_order(self, record: Record) -> exp.Ordered:
        return exp.Ordered(
            this=self.write(record["child"]),
            desc=record["direction"] == "SORT_DIRECTION_DESCENDING",
            nulls_first=record["null_ordering"] == "SORT_NULLS_FIRST",
        )

    def _write_window_frame(self, record: Record) -> exp.WindowSpec:
        """The frame of a window; two frames have the same text only if they are the same."""
        ends = {}
        for side, field_ in (("start", "lower"), ("end", "upper")):
            bound = record[field_]
            word = "unbounded" if bound.get("unbounded") else "current row" if bound.get("current_row") else None
            ends[side] = word or self.write(bound["value"])
        return exp.WindowSpec(kind=record["frame_type"], **ends)

    def _write_text(self, text: str) -> exp.Expr:
        parsed = parse_select_item(text)
        return self.write_unknown() if parsed is None else self.read_parsed(parsed.unalias())

    def read_parsed(self, node: exp.Expr) -> exp.Expr:
        """An expression that was written as text."""
        nodes = list(node.walk())
        self.reading.context.suspicions += [*null_comparisons(nodes), *changing_functions(nodes)]
        return self.resolve_names(node)

    def resolve_names(self, node: exp.Expr, bound: frozenset[str] = frozenset()) -> exp.Expr:
        """Resolve the names in parsed SQL to columns."""
        if isinstance(node, exp.Star) or isinstance(node.this, exp.Star):
            return node if isinstance(node, exp.Count) else self._write_star()
        if isinstance(node, exp.Column):
            if node.parts[0].name.lower() in bound:
                return node
            name = ".".join(f"`{part.name}`" for part in node.parts)
            return self._write_attribute(name, None, None)
        if isinstance(node, (exp.Query, exp.Subquery)):
            return self.write_unknown()
        if isinstance(node, exp.Lambda):
            bound |= {parameter.name.lower() for parameter in node.expressions}
        for child in list(node.iter_expressions()):
            replacement = self.resolve_names(child, bound)
            if replacement is not child:
                child.replace(replacement)
        return node


def name_in_struct(record: Record, at: int) -> str:
    """The name that ``struct`` gives the field of an expression; ``at`` is its position."""
    match record["kind"]:
        case "alias":
            return str(record["name"][-1])
        case "unresolved_attribute":
            return (parts_of(record["unparsed_identifier"]) or ("",))[-1]
        case _:
            return f"col{at + 1}"


def _build_struct(names: list[str], values: list[exp.Expr]) -> exp.Struct:
    pairs = zip(names, values, strict=True)
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value) for name, value in pairs
        ]
    )


def struct_columns(
    whole: Field, writer: ExpressionWriter, reading: Reading
) -> list[tuple[QualifiedColumn, exp.Expr]] | None:
    """The fields of a struct as columns; None if they are unknown."""
    fields = fields_of(whole.type or "")
    return [
        (QualifiedColumn(reading.context.new_field(name, kind)), writer.write_column(whole, (name,)))
        for name, kind in fields
    ] or None


def _build_case(pieces: list[exp.Expr]) -> exp.Expr:
    branches = [exp.If(this=test, true=value) for test, value in zip(pieces[0::2], pieces[1::2], strict=False)]
    return exp.Case(ifs=branches, default=pieces[-1] if len(pieces) % 2 else None)


def _qualifier_parts(names: list[str]) -> list[tuple[str, str]]:
    return list(zip(("table", "db", "catalog"), reversed(names[:-1]), strict=False))
