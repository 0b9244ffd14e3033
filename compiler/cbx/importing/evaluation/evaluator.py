"""Follows the code of notebooks at the top level: loops, factories, rules in dictionaries.

No code of the user is run. What only a run knows is UNKNOWN.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cbx.importing.evaluation.expressions import VALUES, operate, truth_of
from cbx.importing.evaluation.known_calls import (
    BUILTINS,
    LIBRARY,
    call_method,
    compute,
    format_values,
    has_method,
)
from cbx.importing.evaluation.values import (
    UNKNOWN,
    ConfigurationValue,
    LibraryCall,
    LibraryName,
    LocalModule,
    NameScope,
    TextTemplate,
    UserFunction,
    is_known,
    library_module,
    read_secret,
)

_MOST_STEPS: Final = 300_000
_ITEMS_OF_A_STEP: Final = 10
"""How many items or characters of a value count as one more step."""

_DEEPEST: Final = 30
_CONFIGURATION: Final = frozenset(("spark.conf.get", "dbutils.widgets.get"))
_OF_FUNCTIONS: Final = frozenset(("col", "column", "expr", "lit", "struct"))
"""The functions of ``pyspark.sql.functions`` that arguments of the pipeline's API use."""


class PipelineApi(Protocol):
    """What notes the definitions that the code makes."""

    def define(self, function: UserFunction, decorators: Sequence[Any]) -> None:
        """Note a function with decorators of the pipeline's API, the outermost first."""

    def call(self, name: str, arguments: Sequence[Any], keywords: dict[str, Any], node: ast.Call) -> None:
        """Note a call of the pipeline's API."""

    def import_module(self, name: str, level: int, file: int) -> LocalModule | None:
        """The module of a file beside the notebooks; None for a module of a library."""


class _Return(Exception):  # noqa: N818 - it is no error
    """The end of a function, with its value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class _StopLoop(Exception):  # noqa: N818 - as above
    """``break``, or ``continue``."""

    def __init__(self, *, is_break: bool) -> None:
        super().__init__()
        self.is_break = is_break


class _TooMuchError(Exception):
    """The code takes too many steps to follow."""


def is_of_pipeline(name: str) -> bool:
    """Whether a full name is one of the pipeline's API."""
    return name.startswith(("dlt.", "dp."))


@dataclass(eq=False, slots=True)
class Evaluator:
    """Follows statements; the pipeline's API is told of what they define.

    Attributes:
        api: The pipeline's API.
        is_certain: Whether the statements that are being followed are certainly run.
    """

    api: PipelineApi
    is_certain: bool = True
    _steps: int = 0
    _depth: int = 0
    _uncertain: list[None] = field(default_factory=list)

    def run(self, statements: Sequence[ast.stmt], scope: NameScope) -> None:
        """Follow top-level statements; those that take too many steps leave their names unknown."""
        for statement in statements:
            self.is_certain = True
            try:
                self.statement(statement, scope)
            except (_Return, _StopLoop, RecursionError):
                self._forget(statement, scope)
            except _TooMuchError:
                self._steps = 0
                self._forget(statement, scope)

    def statement(self, node: ast.stmt, scope: NameScope) -> None:
        """Follow one statement."""
        self._count()
        match node:
            case ast.Assign(targets=targets, value=value):
                result = self.value(value, scope)
                for target in targets:
                    self.bind(target, result, scope)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.bind(target, self.value(value, scope), scope)
            case ast.AugAssign(target=target, op=op, value=value):
                current = self.value(_as_load(target), scope)
                self.bind(target, operate(type(op).__name__, current, self.value(value, scope)), scope)
            case ast.Expr(value=value):
                self.value(value, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node, scope)
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.Return(value=value):
                raise _Return(None if value is None else self.value(value, scope))
            case ast.Break() | ast.Continue():
                raise _StopLoop(is_break=isinstance(node, ast.Break))
            case _:
                self._block(node, scope)

    def _block(self, node: ast.stmt, scope: NameScope) -> None:
        match node:
            case ast.For(target=target, iter=items, body=body, orelse=orelse):
                self._loop(target, self.value(items, scope), [*body, *orelse], scope)
            case ast.If(test=test, body=body, orelse=orelse):
                self._choose(self.value(test, scope), body, orelse, scope)
            case ast.With(body=body):
                self._forget(node, scope)
                self._follow(body, scope)
            case ast.Try(body=body, orelse=orelse, finalbody=final):
                self._follow([*body, *orelse, *final], scope)
            case ast.While(body=body):
                self._follow_perhaps(body, scope)
            case ast.ClassDef(name=name):
                scope.values[name] = UNKNOWN
            case _:
                self._forget(node, scope)

    def _follow(self, body: Sequence[ast.stmt], scope: NameScope) -> None:
        for statement in body:
            self.statement(statement, scope)

    def _follow_perhaps(self, body: Sequence[ast.stmt], scope: NameScope) -> None:
        """Follow statements that may not be run; afterwards their names are unknown."""
        was_certain, self.is_certain = self.is_certain, False
        with suppress(_Return, _StopLoop):
            self._follow(body, scope)
            self.is_certain = was_certain  # else what follows may not be run, up to the end of the loop or function
        for statement in body:
            self._forget(statement, scope)

    def _loop(self, target: ast.expr, items: Any, body: Sequence[ast.stmt], scope: NameScope) -> None:
        if not isinstance(items, (list, tuple, dict, str)):
            self.bind(target, UNKNOWN, scope)
            self._follow_perhaps(body, scope)
            return
        was_certain = self.is_certain
        for item in list(items):
            self.bind(target, item, scope)
            try:
                self._follow(body, scope)
            except _StopLoop as stop:
                if stop.is_break:
                    break
        if was_certain and not self.is_certain:
            for statement in body:
                self._forget(statement, scope)
        self.is_certain = was_certain

    def _choose(self, test: Any, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt], scope: NameScope) -> None:
        truth = truth_of(test)
        if truth is UNKNOWN:
            self._follow_perhaps(body, scope)
            self._follow_perhaps(orelse, scope)
        else:
            self._follow(body if truth else orelse, scope)

    def _forget(self, node: ast.stmt, scope: NameScope) -> None:
        """Take every name that a statement binds for unknown."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                scope.values[part.id] = UNKNOWN

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: NameScope) -> None:
        function = UserFunction(node, scope, self._defaults(node.args, scope))
        decorators = [self.value(decorator, scope) for decorator in node.decorator_list]
        result: Any = UNKNOWN if decorators else function
        if any(_pipeline_name(decorator) for decorator in decorators):
            self.api.define(function, decorators)
            result = function
        scope.values[node.name] = result

    def _defaults(self, arguments: ast.arguments, scope: NameScope) -> dict[str, Any]:
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
        keyword_only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        pairs += [(parameter, default) for parameter, default in keyword_only if default is not None]
        return {parameter.arg: self.value(default, scope) for parameter, default in pairs}

    def _import(self, node: ast.Import | ast.ImportFrom, scope: NameScope) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                module = self.api.import_module(alias.name, 0, scope.outermost.file)
                name = alias.name if alias.asname else alias.name.split(".")[0]
                binding = alias.asname or name
                scope.values[binding] = module if module is not None else LibraryName(library_module(name))
            return
        module = self.api.import_module(node.module or "", node.level, scope.outermost.file)
        for alias in node.names:
            self._import_name(node, alias, module, scope)

    def _import_name(
        self, node: ast.ImportFrom, alias: ast.alias, module: LocalModule | None, scope: NameScope
    ) -> None:
        binding = alias.asname or alias.name
        full_name = f"{node.module}.{alias.name}" if node.module else alias.name
        inner = self.api.import_module(full_name, node.level, scope.outermost.file) if alias.name != "*" else None
        if module is not None and alias.name == "*":
            scope.values.update(module.scope.values)
        elif module is not None and alias.name in module.scope.values:
            scope.values[binding] = module.scope.values[alias.name]
        elif inner is not None:
            scope.values[binding] = inner
        elif alias.name == "*" and node.module == "pyspark.sql.functions":
            scope.values |= {name: LibraryName(f"pyspark.sql.functions.{name}") for name in _OF_FUNCTIONS}
        elif alias.name == "*" and library_module(node.module or "") in {"dlt", "dp"}:
            pass
        else:
            name = library_module(full_name)
            scope.values[binding] = LibraryName(
                name if name == "dp" else f"{library_module(node.module or '')}.{alias.name}"
            )

    def bind(self, target: ast.expr, value: Any, scope: NameScope) -> None:
        """Bind the names of a target."""
        match target:
            case ast.Name(id=name):
                scope.values[name] = value if self.is_certain or not isinstance(value, (list, dict)) else UNKNOWN
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                is_fitting = isinstance(value, (list, tuple)) and len(value) == len(targets)
                for number, inner in enumerate(targets):
                    self.bind(inner, value[number] if is_fitting else UNKNOWN, scope)
            case ast.Subscript(value=container, slice=index):
                self._set_item(self.value(container, scope), self.value(index, scope), value)
            case ast.Starred(value=inner):
                self.bind(inner, UNKNOWN, scope)
            case _:
                pass

    @staticmethod
    def _set_item(container: Any, index: Any, value: Any) -> None:
        is_place = isinstance(container, list) and isinstance(index, int)
        if isinstance(container, dict) and isinstance(index, (str, int)):
            container[index] = value
        if is_place and -len(container) <= index < len(container):
            container[index] = value

    def value(self, node: ast.expr, scope: NameScope) -> Any:
        """The value of an expression."""
        self._count()
        if isinstance(node, ast.Lambda):
            return UserFunction(node, scope, self._defaults(node.args, scope))
        compute_value = VALUES.get(type(node))
        if isinstance(node, ast.Call):
            value = self._call(node, scope)
        else:
            value = UNKNOWN if compute_value is None else compute_value(self, node, scope)
        if isinstance(value, (str, list, tuple, dict)):
            self._count(len(value) // _ITEMS_OF_A_STEP)
        return value

    def _call(self, node: ast.Call, scope: NameScope) -> Any:
        arguments = self.arguments(node.args, scope)
        keywords = self._keywords(node.keywords, scope)
        if isinstance(node.func, ast.Attribute):
            owner = self.value(node.func.value, scope)
            if has_method(owner, node.func.attr):
                return self._call_method(owner, node.func.attr, arguments, keywords)
            if isinstance(owner, (TextTemplate, LibraryCall)):
                return self._call_on_library(owner, node.func.attr, arguments, keywords)
        function = self.value(node.func, scope)
        match function:
            case UserFunction():
                return self._call_function(function, arguments, keywords)
            case LibraryName(name=name):
                return self._call_library(name, arguments, keywords, node)
            case LibraryCall() if arguments and isinstance(arguments[0], UserFunction) and _pipeline_name(function):
                self.api.define(arguments[0], [function])
                return arguments[0]
            case _:
                return UNKNOWN

    def _call_method(self, owner: Any, name: str, arguments: list[Any] | None, keywords: dict[str, Any] | None) -> Any:
        if name == "format" and arguments is not None and keywords is not None and not keywords:
            pieces = owner.split("{}")
            if len(pieces) == len(arguments) + 1 and "{" not in "".join(pieces):
                parts = [part for pair in zip(pieces, [*arguments, ""], strict=True) for part in pair]
                return format_values(parts)
        if name == "join" and arguments and isinstance(arguments[0], list):
            parts = [part for item in arguments[0] for part in (owner, item)][1:]
            return format_values(parts) if all(isinstance(item, (str, TextTemplate)) for item in parts) else UNKNOWN
        if arguments is None or keywords is None or not all(map(is_known, (*arguments, *keywords.values()))):
            _add_unknown(owner, name)
            return UNKNOWN
        if not self.is_certain:
            _add_unknown(owner, name)
        return call_method(owner, name, arguments, keywords)

    def _call_on_library(
        self, owner: Any, name: str, arguments: list[Any] | None, keywords: dict[str, Any] | None
    ) -> Any:
        if not isinstance(owner, LibraryCall) or arguments is None or keywords is None:
            return UNKNOWN
        return LibraryCall(name, tuple(arguments), tuple(keywords.items()), owner)

    def _call_library(
        self, name: str, arguments: list[Any] | None, keywords: dict[str, Any] | None, node: ast.Call
    ) -> Any:
        if arguments is None or keywords is None:
            return UNKNOWN
        if name in _CONFIGURATION and arguments and isinstance(arguments[0], str):
            default = arguments[1] if len(arguments) > 1 else keywords.get("default")
            return TextTemplate((ConfigurationValue(arguments[0], default if isinstance(default, str) else None),))
        if is_of_pipeline(name):
            self.api.call(name, arguments, keywords, node)
            if arguments and isinstance(arguments[0], UserFunction):
                self.api.define(arguments[0], [LibraryName(name)])
                return arguments[0]
        known = BUILTINS.get(name) or LIBRARY.get(name)
        if known is not None:
            values = [*arguments, *keywords.values()]
            if name == "str" and isinstance(arguments[0] if arguments else "", TextTemplate):
                return arguments[0]
            if not all(is_known(value) and not isinstance(value, TextTemplate) for value in values):
                return UNKNOWN
            return compute(known, arguments, keywords)
        secret = read_secret(name, arguments, keywords)
        return LibraryCall(name, tuple(arguments), tuple(keywords.items())) if secret is None else secret

    def _call_function(
        self, function: UserFunction, arguments: list[Any] | None, keywords: dict[str, Any] | None
    ) -> Any:
        values = bind_arguments(function, arguments, keywords)
        if values is None or self._depth > _DEEPEST:
            return UNKNOWN
        inner = NameScope(function.scope.outermost.file, function.scope, values)
        was_certain = self.is_certain
        with self._deeper():
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body, inner)
            try:
                self._follow(function.node.body, inner)
            except _Return as end:
                return end.value if self.is_certain else UNKNOWN
            finally:
                is_certain, self.is_certain = self.is_certain, was_certain
        return None if is_certain else UNKNOWN

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def arguments(self, nodes: Sequence[ast.expr], scope: NameScope) -> list[Any] | None:
        """The positional arguments; None if a star has an unknown value."""
        values: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                items = self.value(node.value, scope)
                if not isinstance(items, (list, tuple)):
                    return None
                values.extend(items)
            else:
                values.append(self.value(node, scope))
        return values

    def _keywords(self, nodes: Sequence[ast.keyword], scope: NameScope) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for node in nodes:
            value = self.value(node.value, scope)
            if node.arg is not None:
                values[node.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                values |= value
            else:
                return None
        return values

    def _count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise _TooMuchError


_CHANGING: Final = frozenset(("append", "clear", "extend", "insert", "pop", "remove", "setdefault", "update"))


def _add_unknown(owner: Any, method: str) -> None:
    """Note that a method may have changed a list or dictionary in a way that is not known."""
    if method in _CHANGING and isinstance(owner, list):
        owner.append(UNKNOWN)
    elif method in _CHANGING and isinstance(owner, dict):
        owner["?"] = UNKNOWN


def bind_arguments(
    function: UserFunction, arguments: list[Any] | None, keywords: dict[str, Any] | None
) -> dict[str, Any] | None:
    """The values of a function's parameters; None if they are not known."""
    declared = function.node.args
    if arguments is None or keywords is None or declared.vararg is not None or declared.kwarg is not None:
        return None
    positional = [parameter.arg for parameter in (*declared.posonlyargs, *declared.args)]
    values = dict(function.defaults)
    values.update(zip(positional, arguments, strict=False))
    values.update(keywords)
    names = {*positional, *(parameter.arg for parameter in declared.kwonlyargs)}
    is_fitting = values.keys() == names and len(arguments) <= len(positional)
    return values if is_fitting else None


def _pipeline_name(value: Any) -> str | None:
    """The full name of a decorator of the pipeline's API; None for others."""
    name = getattr(value, "name", None) if isinstance(value, (LibraryName, LibraryCall)) else None
    return name if isinstance(name, str) and is_of_pipeline(name) else None


def _as_load(target: ast.expr) -> ast.expr:
    """The expression that reads what a target binds."""
    copy = ast.copy_location(type(target)(**{name: getattr(target, name) for name in target._fields}), target)
    if hasattr(copy, "ctx"):
        copy.ctx = ast.Load()
    return copy
