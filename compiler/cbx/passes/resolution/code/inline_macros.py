"""Copies what the function of a Python model needs into its notebook."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from cbx.declare.signatures import SIGNATURES
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.parse.jinja.template_names import check_variable
from cbx.stages.imports import Import
from cbx.stages.resolved_model import PythonCode
from cbx.syntax.declarations import ImportedName, NeededName, PythonFunction, PythonModule, Snippet, Statement
from cbx.syntax.text import CELL_MARK


def inline_macros(
    function: PythonFunction,
    name: str,
    macros: Mapping[str, PythonModule | None],
    variables: frozenset[str],
    report: Report,
) -> PythonCode | None:
    """The function with the definitions and imports it needs, taken from its own file and from macros.

    Args:
        function: The function and its file.
        name: The function's name.
        macros: The Python macros by module name.
        variables: The variables that have a value somewhere.
        report: Where problems go: CBX101 for too long a chain of definitions, CBX205 for a macro or
            variable that does not exist, CBX104 for a word of the
            vocabulary in code that runs, CBX106 for two definitions of one name.

    Returns:
        The code, or None after a diagnostic.
    """
    reported = len(report)
    inliner = _Inliner(macros, variables, report, function.definition.span)
    inliner.claim_name(name, function.module.path, function.definition.span)
    try:
        inliner.add_needs(function.definition, function.module)
    except RecursionError:
        message = f"`{name}` needs too many definitions that need each other"
        report.add(codes.SYNTAX_ERROR, message, function.definition.span, hint="use a shorter chain of functions")
    if len(report) > reported or inliner.is_broken:
        return None
    return PythonCode(
        function=name,
        source=function.definition.source,
        definitions=inliner.definitions(),
        imports=tuple(sorted(set(inliner.imports.values()))),
        variables=tuple(dict.fromkeys(inliner.variables)),
        names=inliner.names(),
    )


_OWN_PACKAGES = ("cbx", "macros", "models")
_TAKEN = ("dlt", "dp", "spark", "var")
_MOST_SUGGESTIONS = 50
"""Unknown names that get a suggestion."""
_ALWAYS_KNOWN = frozenset(dir(builtins)) | {
    "spark",
    "sc",
    "sqlContext",
    "dbutils",
    "display",
    "displayHTML",
    "__file__",
}
"""Names that exist in every notebook: Python's builtins and those that Databricks adds."""


class _ModuleIndex:
    """What a file defines, changes and imports, indexed by name."""

    def __init__(self, module: PythonModule) -> None:
        self.defining: dict[str, list[int]] = {}
        self.changing: dict[str, list[int]] = {}
        self.imports: dict[str, list[ImportedName]] = {}
        for number, statement in enumerate(module.statements):
            for name in statement.names:
                self.defining.setdefault(name, []).append(number)
            for name in statement.changes:
                self.changing.setdefault(name, []).append(number)
        for imported in module.imports:
            self.imports.setdefault(imported.binding, []).append(imported)
        self.stars = [imported for imported in module.imports if imported.name == "*"]
        self.has_late_annotations = any(
            (imported.module, imported.name) == ("__future__", "annotations") for imported in module.imports
        )


@dataclass
class _Inliner:
    macros: Mapping[str, PythonModule | None]
    variable_names: frozenset[str]
    report: Report
    model_span: Span
    imports: dict[str, Import] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)
    is_broken: bool = False
    _taken: dict[tuple[str, int], tuple[PythonModule, Statement]] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=lambda: dict.fromkeys(_TAKEN, "the notebook itself"))
    _renamed: dict[str, dict[str, str]] = field(default_factory=dict)
    _indexes: dict[str, _ModuleIndex] = field(default_factory=dict)
    _unknown: int = 0
    _file_needs: dict[str, set[str]] = field(default_factory=dict)

    def add_needs(self, statement: Statement, module: PythonModule) -> None:
        """Add everything that a statement needs, directly or through other definitions."""
        for use in statement.variables:
            if use.name is None:
                message = "`var` takes the name of a variable as a literal"
                self.report.add(codes.NOT_A_LITERAL, message, use.span, hint='write `var("landing")`')
            else:
                check_variable(use.name, use.span, self.variable_names, self.report)
                self.variables.append(use.name)
        index = self._index(module)
        if index.has_late_annotations:
            self.imports["annotations:__future__"] = Import("__future__", "annotations")
        self._check_text(statement)
        for imported in index.stars:
            self._add_star(imported)
        for needed in statement.needs:
            if not self._add_name(needed.name, module):
                self._check_is_defined(needed, module)

    def _check_text(self, statement: Statement) -> None:
        """Report text of a statement that would not work in a notebook."""
        for imported in statement.inner_imports:
            if imported.module.split(".")[0] in _OWN_PACKAGES:
                problem = "is imported below the top level of the file, and does not exist when that code runs"
                message = f"`{imported.module}` {problem}"
                self.report.add(codes.NOT_A_LITERAL, message, imported.span, hint="import it at the top of the file")
        if CELL_MARK.search(statement.source.text):
            message = "a line of this begins like a separator of notebook cells"
            hint = "indent the line, or remove it"
            self.report.add(codes.SYNTAX_ERROR, message, statement.span, hint=hint)

    def definitions(self) -> tuple[Snippet, ...]:
        """The added definitions: each file after the files that it needs, each in its own order."""
        by_path: dict[str, list[tuple[int, Snippet]]] = {}
        for (path, number), (_, statement) in self._taken.items():
            by_path.setdefault(path, []).append((number, statement.source))
        ordered = _sort_by_needs(sorted(by_path), self._file_needs)
        return tuple(
            snippet
            for path in ordered
            for snippet in (
                *(source for _, source in sorted(by_path[path], key=itemgetter(0))),
                *(Snippet(path, 1, text) for text in self._renamed.get(path, {}).values()),
            )
        )

    def names(self) -> tuple[str, ...]:
        """Every name that the code defines or imports."""
        return tuple(sorted(self._owners))

    def _add_name(self, name: str, module: PythonModule) -> bool:
        """Add the definition or import of a name; False if the file has neither."""
        index = self._index(module)
        defining = index.defining.get(name, [])
        for number in sorted({*defining, *index.changing.get(name, ())}) if defining else ():
            statement = module.statements[number]
            if (module.path, number) not in self._taken and statement.span != self.model_span:
                for defined in statement.names:
                    self.claim_name(defined, module.path, statement.span)
                self._taken[module.path, number] = (module, statement)
                self.add_needs(statement, module)
        imports = index.imports.get(name, [])
        packages = [imported for imported in imports if not imported.name and imported.module.split(".")[0] == name]
        for imported in packages or imports[-1:]:
            self._add_import(imported, module)
        return bool(defining or imports)

    def _index(self, module: PythonModule) -> _ModuleIndex:
        if module.path not in self._indexes:
            self._indexes[module.path] = _ModuleIndex(module)
        return self._indexes[module.path]

    def _check_is_defined(self, needed: NeededName, module: PythonModule) -> None:
        """Report a name without a value, which would fail in the notebook."""
        index = self._index(module)
        is_looked_up = needed.use == "code" or (needed.use == "annotation" and not index.has_late_annotations)
        if index.stars or not is_looked_up or needed.name in _ALWAYS_KNOWN:
            return
        message = f"`{needed.name}` is neither defined nor imported in `{module.path}`"
        self._unknown += 1
        near = {*index.defining, *index.imports} if self._unknown <= _MOST_SUGGESTIONS else ()
        hint = did_you_mean(needed.name, near, "import it, from a library or from macros/")
        causes = [Cause(module.path, f"name {needed.name}")]
        if needed.name == "var":
            causes.append(Cause(module.path, "import from cbx"))
        self.report.add(codes.UNKNOWN_MACRO, message, needed.span, label="not found", hint=hint, causes=causes)

    def _add_import(self, imported: ImportedName, module: PythonModule) -> None:
        if imported.module.split(".")[0] == "cbx":
            self._add_word(imported)
            return
        package = imported.module.split(".")[0]
        if package == "macros":
            self._add_macro(imported, module)
        elif package == "models":
            message = f"`{imported.module}` is a model; the code of another model cannot use it"
            self.report.add(codes.UNKNOWN_MACRO, message, imported.span, hint="move what both need into macros/")
        else:
            alias = imported.binding if imported.binding != (imported.name or package) else ""
            kept = Import(imported.module, imported.name, alias)
            origin = f"{kept.module}.{kept.name}" if kept.name else kept.module if alias else package
            self.claim_name(imported.binding, origin, imported.span)
            self.imports[f"{imported.binding}:{imported.module}"] = kept

    def _add_star(self, imported: ImportedName) -> None:
        """Add a star import of a library; report one of macros, which hides what the code needs."""
        if imported.module.split(".")[0] in _OWN_PACKAGES:
            message = f"a star import of `{imported.module}` hides what the code needs"
            self.report.add(codes.NOT_A_LITERAL, message, imported.span, hint="import each name that is used")
        else:
            self.imports[f"*:{imported.module}"] = Import(imported.module, "*")

    def _add_word(self, imported: ImportedName) -> None:
        """Report words of the vocabulary other than ``var``, which have no meaning in code that runs."""
        if imported.module == "cbx" and imported.name == imported.binding == "var":
            return
        word = imported.name or imported.module
        if imported.module == "cbx" and word == "var":
            message, hint = "`var` keeps its name in the code of a model", "import it without `as`"
        elif imported.module == "cbx" and word in SIGNATURES:
            message = f"`{word}` is a word of declarations; the code of a model runs without cbx"
            in_code = 'write `dbutils.secrets.get(scope="...", key="...")` in code'
            otherwise = "use it in the decorator or as the default of a parameter"
            hint = in_code if word == "secret" else otherwise
        else:
            message = f"`{word}`{' of cbx' if imported.name else ''} does not exist where the code of a model runs"
            hint = "of cbx, code can use `var` only, imported by its name"
        causes = [Cause(imported.span.path, f"import {word}")]
        self.report.add(codes.NOT_A_LITERAL, message, imported.span, hint=hint, causes=causes)

    def _add_macro(self, imported: ImportedName, module: PythonModule) -> None:
        if not imported.name or f"{imported.module}.{imported.name}" in self.macros:
            message = "a Python macro is imported by its own name"
            home = f"{imported.module}.{imported.name}" if imported.name else imported.module
            hint = f"write `from {home} import ...`"
            self.report.add(codes.UNKNOWN_MACRO, message, imported.span, hint=hint)
            return
        if imported.module not in self.macros:
            hint = did_you_mean(imported.module, self.macros, "define it in a file of macros/")
            message = f"there is no file `{imported.module.replace('.', '/')}.py`"
            causes = [Cause("macros/", f"file {imported.module}")]
            self.report.add(codes.UNKNOWN_MACRO, message, imported.span, label="not found", hint=hint, causes=causes)
            return
        macro_module = self.macros[imported.module]
        if macro_module is None:
            self.is_broken = True
            return
        index = self._index(macro_module)
        if imported.name not in index.defining and imported.name not in index.imports:
            self._unknown += 1
            hint = f"define it in `{macro_module.path}`"
            if self._unknown <= _MOST_SUGGESTIONS:
                names = sorted(index.defining)
                hint = did_you_mean(
                    imported.name, names, f"`{macro_module.path}` defines {', '.join(names) or 'nothing'}"
                )
            message = f"`{macro_module.path}` defines no `{imported.name}`"
            causes = [Cause(macro_module.path, f"name {imported.name}")]
            self.report.add(codes.UNKNOWN_MACRO, message, imported.span, label="not found", hint=hint, causes=causes)
            return
        self._file_needs.setdefault(module.path, set()).add(macro_module.path)
        self._add_name(imported.name, macro_module)
        if imported.binding != imported.name:
            self.claim_name(imported.binding, f"{macro_module.path}:{imported.name}", imported.span)
            self._renamed.setdefault(macro_module.path, {})[imported.binding] = f"{imported.binding} = {imported.name}"

    def claim_name(self, name: str, owner: str, span: Span) -> None:
        """Report two different definitions of one name in a notebook."""
        first = self._owners.setdefault(name, owner)
        if first != owner:
            message = f"`{name}` would be defined twice in the notebook: by `{first}` and by `{owner}`"
            self.report.add(codes.INVALID_NAME, message, span, hint="rename one of the two")


def _sort_by_needs(paths: list[str], needs: Mapping[str, set[str]]) -> list[str]:
    """Files in an order in which each follows the files that it needs; cycles keep any order."""
    ordered: dict[str, None] = {}
    started: set[str] = set()

    def visit(path: str) -> None:
        if path not in started:
            started.add(path)
            for needed in sorted(needs.get(path, ())):
                visit(needed)
            ordered[path] = None

    for path in paths:
        visit(path)
    return [path for path in ordered if path in paths]
