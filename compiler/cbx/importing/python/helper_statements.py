"""The statements of a file that datasets need: constants, functions, imports."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from cbx.importing.project_variables import CONFIGURATION_READERS
from cbx.importing.python.text_edits import TextEdit, apply_edits
from cbx.importing.reading.pipeline_sources import PythonFile
from cbx.importing.reading.source_text import is_notebook_mark
from cbx.parse.statements import read_module, read_statement
from cbx.syntax.declarations import ImportedName, Statement

_OF_NOTEBOOKS: Final = frozenset(("spark", "sc", "dbutils", "display", "sqlContext", *dir(builtins)))


@dataclass(slots=True)
class NeededCode:
    """What some names need of a file: statements, imports, and names of other files.

    Attributes:
        statements: The numbers of the statements at the top level.
        imports: The imports of libraries.
        stars: The modules that are imported with a star.
        of_modules: The names that come from files beside the notebooks: the number of the file, and the name there.
        unknown: The names that neither the file nor its imports define.
    """

    statements: set[int] = field(default_factory=set)
    imports: set[ImportedName] = field(default_factory=set)
    stars: set[str] = field(default_factory=set)
    of_modules: dict[str, tuple[int, str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


@dataclass(eq=False)
class HelperStatements:
    """The statements of a file, by the names that they define."""

    file: PythonFile
    files: Sequence[PythonFile]

    @cached_property
    def statements(self) -> dict[int, Statement]:
        """The statements with the names that they define and need, by number; without imports."""
        return {
            number: read_statement(node, self.file.file, frozenset())
            for number, node in enumerate(self.file.tree.body)
            if not isinstance(node, (ast.Import, ast.ImportFrom))
        }

    @cached_property
    def imports(self) -> tuple[ImportedName, ...]:
        """The names that the file imports."""
        return read_module(self.file.file, self.file.tree).imports

    def find_needed(self, names: Iterable[str]) -> NeededCode:
        """Everything that some names need, directly or through other statements."""
        needed = NeededCode()
        pending, seen = list(names), set[str]()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            pending += self._add(name, needed)
        if needed.unknown or any(name in dir(builtins) for name in seen):
            needed.stars |= {item.module for item in self.imports if item.name == "*" and not _is_of_vocabulary(item)}
        if needed.stars:
            needed.unknown.clear()
        return needed

    def _add(self, name: str, needed: NeededCode) -> list[str]:
        """Add what defines a name; returns the names that it needs."""
        module = self._module_of(name)
        if module is not None:
            needed.of_modules[name] = module
            return []
        numbers = [number for number, statement in self.statements.items() if name in statement.names]
        numbers += [number for number, statement in self.statements.items() if numbers and name in statement.changes]
        fresh = set(numbers) - needed.statements
        needed.statements |= fresh
        imports = [item for item in self.imports if item.binding == name and item.name != "*"]
        needed.imports |= set(imports[-1:])
        if not numbers and not imports and name not in _OF_NOTEBOOKS:
            needed.unknown.add(name)
        return [
            need.name
            for number in fresh
            for need in self.statements[number].needs
            if need.use != "maybe" or self._defines(need.name)
        ]

    def _defines(self, name: str) -> bool:
        return any(name in statement.names for statement in self.statements.values()) or any(
            item.binding == name for item in self.imports
        )

    def _module_of(self, name: str) -> tuple[int, str] | None:
        """The file and the name there of something that is imported from a file beside the notebooks."""
        if any(name in statement.names for statement in self.statements.values()):
            return None
        imported = next((item for item in self.imports if item.binding == name and item.name), None)
        number = None if imported is None else self.file.find_module(imported.module, 0, self.files)
        return None if imported is None or number is None else (number, imported.name)

    def text(self, number: int, variables: Mapping[str, str]) -> str:
        """The text of a statement with the comments above it; reads of the configuration become variables."""
        node = self.file.tree.body[number]
        start, end = self.chunk(number)
        edits = [TextEdit(*self.file.positions.offsets(call), code) for call, code in self._settings(node, variables)]
        return apply_edits(self.file.source.text, start, end, edits).strip("\n")

    def _settings(self, node: ast.stmt, variables: Mapping[str, str]) -> list[tuple[ast.Call, str]]:
        calls = []
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                code = self._setting_code(part, variables)
                if code is not None:
                    calls.append((part, code))
        return calls

    def _setting_code(self, call: ast.Call, variables: Mapping[str, str]) -> str | None:
        if ast.unparse(call.func) not in CONFIGURATION_READERS or not call.args:
            return None
        key = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
        return f'var("{variables[key]}")' if isinstance(key, str) and key in variables else None

    def chunk(self, number: int) -> tuple[int, int]:
        """The offsets of a statement: from the first comment directly above it to the end of its last line."""
        node, text = self.file.tree.body[number], self.file.source.text
        line = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        while line > 1 and self._is_comment(line - 1):
            line -= 1
        end = text.find("\n", self.file.positions.offsets(node)[1])
        return self.file.file.offset(line, 1), len(text) if end == -1 else end

    def _is_comment(self, line: int) -> bool:
        text = self.file.file.line(line)
        return text.startswith("#") and not is_notebook_mark(text)


def _is_of_vocabulary(item: ImportedName) -> bool:
    """Whether a name is imported from the API of pipelines or of cbx, which the imports of models replace."""
    return item.module.partition(".")[0] in {"dlt", "cbx"} or item.module.endswith("pipelines")


def import_lines(imports: Iterable[ImportedName], stars: Iterable[str]) -> list[str]:
    """The lines of imports, sorted by module."""
    by_module: dict[str, list[str]] = {}
    lines = [f"from {module} import *" for module in stars]
    for item in imports:
        if item.name:
            alias = f" as {item.binding}" if item.binding != item.name else ""
            by_module.setdefault(item.module, []).append(item.name + alias)
        else:
            is_alias = item.binding != item.module.split(".")[0]
            lines.append(f"import {item.module}" + (f" as {item.binding}" if is_alias else ""))
    for module, names in by_module.items():
        plain = sorted({name for name in names if " as " not in name})
        lines += [f"from {module} import {', '.join(plain)}"] if plain else []
        lines += [f"from {module} import {name}" for name in sorted({name for name in names if " as " in name})]
    return sorted(set(lines), key=lambda line: (line.split()[1], line))
