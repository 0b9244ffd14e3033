"""Jinja's sandbox with a limit on what templates may compute.

Jinja's sandbox protects attributes and files, but a template can loop for days or build gigabytes. Here every body of a
loop or macro, every call, filter, test and operation pays from a `Budget` first. Filters that cannot be limited, or
whose text depends on the machine, are removed.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import types
from collections.abc import Callable, Iterator
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.runtime import Context, Macro
from jinja2.sandbox import SandboxedEnvironment

from cbx.parse.jinja.budget import Budget, TooMuchError
from cbx.parse.jinja.unknown_texts import (
    check_filter,
    check_format,
    check_method,
    check_test,
    forget_places,
    refuse_list_of_unknown,
    refuse_perhaps_empty,
    refuse_unknown,
    refuse_unknown_text,
)

_UNITS = 3_000_000
_TOKENS = 50_000
"""The most tokens of a template; Jinja takes a second and 100 MB for these."""
_FILTERS = (
    "abs", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "first", "float", "format", "groupby",
    "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "replace", "reverse", "round", "select", "selectattr", "slice", "sort", "string", "sum", "title", "tojson", "trim",
    "truncate", "unique", "upper", "wordcount",
)  # fmt: skip
_GLOBALS = ("range", "dict", "namespace", "cycler", "joiner")
_METHODS_OF_TEXTS = frozenset((
    "capitalize", "casefold", "center", "count", "endswith", "find", "format", "index", "isalnum", "isalpha", "isascii",
    "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "ljust",
    "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition",
    "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
))  # fmt: skip
_MULTIPLYING = frozenset((
    "batch", "center", "format", "indent", "join", "ljust", "replace", "rjust", "round", "slice", "tojson", "zfill",
))  # fmt: skip
"""Filters and methods whose result may be as large as their arguments multiplied."""
_WRITING = frozenset((
    "capitalize", "center", "format", "indent", "join", "lower", "replace", "string", "title", "tojson", "trim",
    "truncate", "upper", "wordcount",
))  # fmt: skip
"""Filters that convert their argument to a text."""
_WITHOUT_LOOKING = frozenset(("append", "get", "items", "keys", "pop", "setdefault", "values"))
"""Methods whose cost does not depend on the size of their object."""
_PERCENT = re.compile(r"%(?:\([^()%]*\))?[#0\- +]*[0-9]{0,3}(?:\.[0-9]{0,3})?[A-Za-z%]")
_BRACES = re.compile(r"\{\{|\}\}|\{\w*\}")
_FIELD = 1000
_STEP, _JOINED, _COMPARED, _PARTED, _DECIDING = "a step", "the joined", "the compared", "the parted", "the deciding"
"""Paying filters; a template cannot write their names."""


class BoundedEnvironment(SandboxedEnvironment):
    """A sandbox that limits the time and memory of templates, with the same result on every machine.

    No operation reads a text that is not known yet.
    """

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "**", "%"))

    def __init__(self) -> None:
        self.budget = Budget(_UNITS)
        super().__init__(
            keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined,
            optimized=False,
            finalize=jinja2.pass_context(
                lambda _, value: self._print(value)
            ),  # with a context, so that Jinja folds no constants
        )
        self.globals = {name: self.globals[name] for name in _GLOBALS}
        self.filters = {name: self._make_paying(name, self.filters[name], check_filter) for name in _FILTERS}
        self.filters["sum"] = self._make_paying("sum", _sum_numbers, check_filter)
        tests = dict[str, Any](self.tests)
        self.tests = {name: self._make_paying(name, test, check_test) for name, test in tests.items()}
        self.filters |= {_STEP: self._pay_for_step, _JOINED: self._concatenate, _COMPARED: self._pay_for_comparison}
        self.filters |= {_PARTED: _as_parted, _DECIDING: _as_condition}

    def parse(self, source: str, name: str | None = None, filename: str | None = None) -> nodes.Template:
        """The tree of a template with paying filters.

        Raises:
            TemplateSyntaxError: If the text is not a valid template.
        """
        try:
            if len(source) > _TOKENS and next(itertools.islice(self.lex(source), _TOKENS, None), None):
                message = f"it is too long: it has more than {_TOKENS:,} words and signs"
                raise jinja2.TemplateSyntaxError(message, 1)
            tree = super().parse(source, name, filename)
        except ValueError as error:  # a number of thousands of digits
            raise jinja2.TemplateSyntaxError(str(error).partition(":")[0], 1) from None
        _insert_conditions(tree)
        _insert_payments(tree)
        return tree.set_environment(self)  # type: ignore[return-value] # the same node

    def from_string(self, source: str | nodes.Template, *args: Any, **kwargs: Any) -> jinja2.Template:
        """A compiled template with paying filters."""
        return super().from_string(self.parse(source) if isinstance(source, str) else source, *args, **kwargs)

    def undeclared_names(self, tree: nodes.Template) -> set[str]:
        """The names that a template looks up outside itself, as `meta.find_undeclared_variables` finds them."""
        names = meta.TrackingCodeGenerator(self)
        names.optimizer = None  # it would evaluate filters of constants
        names.visit(tree)
        return names.undeclared_identifiers

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may use an attribute: of texts only listed methods, of numbers none."""
        if isinstance(obj, (int, float)) or (isinstance(obj, str) and attr not in _METHODS_OF_TEXTS):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, _: Any) -> None:
        """Do nothing, since `call` limits ``format``."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Pay for an operation and compute it."""
        self.budget.operate(operator, left, right)
        if operator == "%":
            right = forget_places(right)
            check_format(left, right if isinstance(right, tuple) else [right])
        if operator == "%" and isinstance(left, str):
            self._check_fields(left, _PERCENT, "%")
            self._pay("format", left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Pay for a call and make it; a method of a built-in type costs the size of its arguments and result."""
        if isinstance(obj, types.BuiltinMethodType):
            args, kwargs = forget_places(args), forget_places(kwargs)
            if isinstance(obj.__self__, str):
                obj = getattr(forget_places(obj.__self__), obj.__name__)
            check_method(obj.__name__, obj.__self__, [*args, *kwargs.values()])
        if isinstance(obj, Macro):
            self.budget.spend(1 + len(args) + len(kwargs))
        elif isinstance(obj, types.BuiltinMethodType) and obj.__name__ not in _WITHOUT_LOOKING:
            if obj.__name__ == "format":
                self._check_fields(obj.__self__, _BRACES, "{")
            self._pay(obj.__name__, obj.__self__, *args, *kwargs.values())
        else:
            self.budget.weigh(args, kwargs)
        return self.budget.glance(super().call(context, obj, *args, **kwargs))

    def _make_paying(
        self, name: str, function: Callable[..., Any], check: Callable[[str, list[Any]], None]
    ) -> Callable[..., Any]:
        """A filter or a test that pays for its arguments and its result, and reads no text that is not known yet."""
        leading = 1 if hasattr(function, "jinja_pass_arg") else 0

        @functools.wraps(function, assigned=())  # whether Jinja passes it a context; for 80 functions, names take time
        def pay_and_call(*args: Any, **kwargs: Any) -> Any:
            listed = (list(argument) if isinstance(argument, Iterator) else argument for argument in args[leading:])
            arguments = [forget_places(argument) for argument in listed]
            if name == "format":
                self._check_fields(arguments[0], _PERCENT, "%")
            self._pay(name, *arguments, *kwargs.values())
            check(name, [*arguments, *kwargs.values()])
            result = self.budget.glance(function(*args[:leading], *arguments, **kwargs))
            return str(result) if name == "tojson" else result

        return pay_and_call

    def _pay(self, name: str, *args: Any) -> None:
        """Pay for a filter or method: for its arguments, or for their product if the result may be as large."""
        sizes = [self.budget.weigh(argument, printed=name in _WRITING) for argument in args]
        if name in _MULTIPLYING:
            numbers = [1 + abs(argument) for argument in args if isinstance(argument, int)]
            self.budget.spend(math.prod((*sizes, *numbers)))

    def _check_fields(self, template: Any, plain: re.Pattern[str], mark: str) -> None:
        """Pay for the fields of a format string; only plain fields are allowed, without long widths or attributes."""
        text = str(template)
        if mark in plain.sub("", text):
            raise TooMuchError("`format` supports plain fields only: `{}`, `{name}`, `%s`, `%03d`")
        self.budget.spend(text.count(mark) * _FIELD)

    def _print(self, value: Any) -> str:
        """Pay for the text of a value and return it."""
        value = value if isinstance(value, str) else forget_places(value)
        self.budget.weigh(value, printed=True)
        refuse_list_of_unknown(value)
        return self.budget.glance(str(value))  # type: ignore[no-any-return]

    def _concatenate(self, values: list[Any]) -> str:
        """Pay for the result of ``~`` and return it."""
        return "".join(self._print(value) for value in values)

    def _pay_for_comparison(self, value: Any) -> Any:
        """Pay for a value that is compared, hashed or sliced, and return it."""
        self.budget.weigh(value)
        refuse_unknown(value)
        return forget_places(value)

    def _pay_for_step(self, units: int) -> bool:
        """Pay for one run of a body."""
        self.budget.spend(units)
        return True


def _as_parted(value: Any) -> Any:
    """A value of which a part is taken; a list may have texts in it that are not known yet."""
    refuse_unknown_text(value)
    return forget_places(value) if isinstance(value, str) else value


def _as_condition(value: Any) -> Any:
    """A value that decides by whether it is empty."""
    refuse_perhaps_empty(value)
    return forget_places(value) if isinstance(value, str) else value


def _sum_numbers(values: Any) -> Any:
    """The sum of numbers; Jinja's filter also concatenates lists, in quadratic time."""
    return sum(values)


def _insert_payments(tree: nodes.Template) -> None:
    """Insert paying filters where a template repeats, compares, looks up, slices or concatenates."""
    bodies = (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block)
    for node in list(tree.find_all((*bodies, nodes.Compare, nodes.Concat, nodes.Getitem, nodes.Pair))):
        if isinstance(node, bodies):
            step = _payment(nodes.Const(_step_cost(node), lineno=node.lineno), _STEP)
            node.body.insert(0, nodes.ExprStmt(step, lineno=node.lineno))
            if isinstance(node, nodes.For) and node.test is not None:
                node.test = nodes.And(step, node.test, lineno=node.lineno)
        elif isinstance(node, nodes.Compare):
            node.expr = _payment(node.expr, _COMPARED)
            for operand in node.ops:
                operand.expr = _payment(operand.expr, _COMPARED)
        elif isinstance(node, nodes.Concat):
            node.nodes = [_payment(nodes.List(node.nodes, lineno=node.lineno), _JOINED)]
        elif isinstance(node, nodes.Pair):
            node.key = _payment(node.key, _COMPARED)
        elif isinstance(node, nodes.Getitem):
            is_slice = isinstance(node.arg, nodes.Slice)
            node.node = _payment(node.node, _COMPARED if is_slice else _PARTED)
            node.arg = node.arg if is_slice else _payment(node.arg, _COMPARED)


def _insert_conditions(tree: nodes.Template) -> None:
    """Insert filters that refuse texts that are not known yet where a template decides or iterates."""
    for node in list(tree.find_all((nodes.If, nodes.CondExpr, nodes.For, nodes.Not, nodes.And, nodes.Or))):
        match node:
            case nodes.If(test=nodes.Expr() as test) | nodes.CondExpr(test=nodes.Expr() as test):
                node.test = _payment(test, _DECIDING)
            case nodes.For(iter=nodes.Expr() as items, test=test):
                node.iter = _payment(items, _PARTED)
                node.test = _payment(test, _DECIDING) if isinstance(test, nodes.Expr) else None
            case nodes.Not(node=operand):
                node.node = _payment(operand, _DECIDING)
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                node.left, node.right = _payment(left, _DECIDING), _payment(right, _DECIDING)


def _step_cost(body: nodes.Node) -> int:
    """The cost of one run of a body: its nodes and the characters of its text."""
    return sum(
        1 + (len(node.data) if isinstance(node, nodes.TemplateData) else 0) for node in body.find_all(nodes.Node)
    )


def _payment(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
