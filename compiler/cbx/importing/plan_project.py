"""Plans the files of a project that does the same as a pipeline."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cbx.importing.candidates import Candidate, ModelKind, read_key
from cbx.importing.definitions import FoundText, default_text
from cbx.importing.evaluation.values import NameScope
from cbx.importing.layers import Naming
from cbx.importing.models.declaration import auto_loader_call, literal, query_expression, reader_call
from cbx.importing.models.python_model import PythonModel, make_python_model
from cbx.importing.models.sql_model import write_sql_model
from cbx.importing.project_variables import ProjectVariables
from cbx.importing.python.helper_statements import HelperStatements, NeededCode, import_lines
from cbx.importing.reading.pipeline_sources import PythonFile
from cbx.importing.reads import FileInputRead, InputRead, ReaderInputRead
from cbx.importing.sql.find_definitions import SQL_STATEMENTS
from cbx.importing.sql.queries import ReadQuery

_DATA_FRAME: Final = "from pyspark.sql import DataFrame"


@dataclass(slots=True)
class PlannedModels:
    """The files of models and macros, and why some candidates cannot be models after all.

    Attributes:
        files: The texts by path.
        paths: The path of each model, by the key of its table.
        macros: The paths of the macros that each model uses, by the key of its table.
        problems: Why a candidate cannot be a model, by the key of its table.
    """

    files: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    macros: dict[str, set[str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class ModelPlanner:
    """Plans models.

    Attributes:
        candidates: The candidates that become models.
        naming: The names of all tables.
        files: The Python files.
        scopes: The values of the names of each file.
        comments: The comments that belong to each candidate and are in no code of it.
        configuration: The values of the configuration.
        variables: The variables of the project.
        definitions: The statements of each file that define datasets.
    """

    candidates: Sequence[Candidate]
    naming: Naming
    files: Sequence[PythonFile]
    scopes: Mapping[int, NameScope]
    comments: Mapping[str, Sequence[str]]
    configuration: Mapping[str, str]
    variables: ProjectVariables
    definitions: frozenset[tuple[int, int]]
    result: PlannedModels = field(default_factory=PlannedModels)
    _helpers: dict[int, HelperStatements] = field(default_factory=dict)
    _needed: dict[str, dict[int, NeededCode]] = field(default_factory=dict)

    def plan(self) -> PlannedModels:
        """The files of models and macros."""
        models: dict[str, PythonModel] = {}
        for candidate in map(self._with_target, self.candidates):
            if is_sql(candidate, len(self.files)):
                self._write(
                    candidate,
                    ".sql",
                    write_sql_model(
                        candidate, self.comments.get(candidate.key, ()), self.input_call(in_query=True), self.variables
                    ),
                )
            else:
                model = self._make(candidate)
                if model is not None:
                    models[candidate.key] = model
        self._write_python(models)
        return self.result

    def _with_target(self, candidate: Candidate) -> Candidate:
        """A flow with the id of its target."""
        return replace(candidate, into=self.naming.models[candidate.into].id) if candidate.into else candidate

    def input_call(self, *, in_query: bool) -> Callable[[InputRead], tuple[str, str]]:
        """What writes the call for an input."""
        write = query_expression if in_query else literal
        kinds: dict[str, ModelKind] = {candidate.key: candidate.kind for candidate in self.candidates}

        def call(read: InputRead) -> tuple[str, str]:
            if isinstance(read, FileInputRead):
                return auto_loader_call(read, self.variables, in_query=in_query), "files"
            if isinstance(read, ReaderInputRead):
                return reader_call(
                    read, self.variables, in_query=in_query
                ), "files" if "path" in read.options else "rows"
            key = read_key(read, self.configuration)
            if key in kinds:
                word = "stream" if read.is_stream else "ref"
                return f'{word}("{self.naming.models[key].id}")', self.naming.models[key].name
            word = "stream_source" if read.is_stream else "source"
            name = _without_live(read.name)
            return f"{word}({write(name, self.variables)})", _last_part(name, self.configuration)

        return call

    def _write(self, candidate: Candidate, suffix: str, text: str) -> None:
        name = self.naming.models[candidate.key]
        path = f"models/{name.layer}/{name.name}{suffix}"
        self.result.files[path] = text
        self.result.paths[candidate.key] = path

    def _make(self, candidate: Candidate) -> PythonModel | None:
        name = self.naming.models[candidate.key].name
        model = make_python_model(candidate, name, self.files, self.input_call(in_query=False), self.variables)
        model.comments += self.comments.get(candidate.key, ())
        problem = model.problem or self._find_needed(candidate, model)
        if problem is not None:
            self.result.problems[candidate.key] = problem
            return None
        return model

    def _helper(self, file: int) -> HelperStatements:
        if file not in self._helpers:
            self._helpers[file] = HelperStatements(self.files[file], self.files)
        return self._helpers[file]

    def _find_needed(self, candidate: Candidate, model: PythonModel) -> str | None:
        """Find what a model needs of its files; returns why it cannot have that."""
        needed: dict[int, NeededCode] = {}
        pending: list[tuple[int, set[str]]] = []
        for function, file in zip(model.functions, model.files, strict=True):
            if file is not None:
                of_modules = {name for uses in function.module_uses.values() for name in uses}
                names = set(function.needs) - {other.name for other in model.functions} - of_modules
                pending.append((file, names))
                for uses in function.module_uses.values():
                    pending += self._homes_in_modules(uses)
        while pending:
            file, names = pending.pop()
            fresh = names - {
                name for name in names if file in needed and name in _names_of(needed[file], self._helper(file))
            }
            if not fresh and file in needed:
                continue
            found = self._helper(file).find_needed(fresh)
            pending += [(other, {name}) for other, name in found.of_modules.values()]
            needed[file] = _merge(needed.get(file), found)
        self._needed[candidate.key] = needed
        return self._problem_of_needed(needed, model)

    def _homes_in_modules(self, uses: set[str]) -> list[tuple[int, set[str]]]:
        """The modules beside the notebooks that define some names."""
        return [
            (number, uses & scope.values.keys())
            for number, scope in self.scopes.items()
            if self.files[number].is_module and uses & scope.values.keys()
        ]

    def _problem_of_needed(self, needed: Mapping[int, NeededCode], model: PythonModel) -> str | None:
        for file, code in needed.items():
            if code.unknown:
                return f"it needs `{min(code.unknown)}`, which its files do not define"
            shared = sorted(number for number in code.statements if (file, number) in self.definitions)
            if shared:
                line = self.files[file].tree.body[shared[0]].lineno
                return f"it needs the statement of line {line}, which defines datasets"
            reading = sorted(number for number in code.statements if _reads(self.files[file].tree.body[number]))
            if reading:
                line = self.files[file].tree.body[reading[0]].lineno
                return f"it needs the statement of line {line}, which reads outside of a function"
            names = {name for number in code.statements for name in self._helper(file).statements[number].names}
            if model.functions[-1].name in names:
                return f"its name `{model.functions[-1].name}` is that of a function or constant that it needs"
        return None

    def _write_python(self, models: Mapping[str, PythonModel]) -> None:
        shared = self._shared_statements(models)
        for candidate in self.candidates:
            model = models.get(candidate.key)
            if model is not None:
                self._write(candidate, ".py", self._model_text(candidate.key, model, shared))
        for file, numbers in sorted(shared.items()):
            self.result.files[macro_path(self.files, file)] = self._macro_text(file, numbers)

    def _shared_statements(self, models: Mapping[str, PythonModel]) -> dict[int, set[int]]:
        """The statements that become macros: those of modules, and those that several models need."""
        counts: dict[tuple[int, int], int] = {}
        for key in models:
            for file, code in self._needed[key].items():
                for number in code.statements:
                    counts[file, number] = counts.get((file, number), 0) + 1
        shared: dict[int, set[int]] = {}
        for (file, number), count in counts.items():
            if count > 1 or self.files[file].is_module:
                shared.setdefault(file, set()).add(number)
        return shared

    def _model_text(self, key: str, model: PythonModel, shared: Mapping[int, set[int]]) -> str:
        lines: list[str] = []
        helpers: list[str] = []
        for file, code in self._needed[key].items():
            own = sorted(code.statements - shared.get(file, set()))
            helper = self._helper(file)
            helpers += [helper.text(number, self.variables) for number in own]
            lines += self._imports_of(file, model, own, code, key, shared)
        has_var = any(re.search(r'\bvar\("|\{var\(', text) for text in (*helpers, *(f.body for f in model.functions)))
        words = [*model.words] + (["var"] if has_var else [])
        imports = _merge_imports([*lines, _DATA_FRAME, f"from cbx import {', '.join(sorted(set(words)))}"])
        return model.text(imports, helpers)

    def _imports_of(
        self,
        file: int,
        model: PythonModel,
        own: Sequence[int],
        code: NeededCode,
        key: str,
        shared: Mapping[int, set[int]],
    ) -> list[str]:
        """The lines of imports that the model's own code needs of a file."""
        helper = self._helper(file)
        used = {
            name
            for function, number in zip(model.functions, model.files, strict=True)
            if number == file
            for name in function.needs
        }
        used |= {need.name for number in own for need in helper.statements[number].needs}
        used |= {name for function in model.functions for names in function.module_uses.values() for name in names}
        lines = import_lines([item for item in code.imports if item.binding in used], code.stars)
        macro = macro_module(self.files, file)
        names = sorted(
            {name for number in shared.get(file, set()) & code.statements for name in helper.statements[number].names}
            & (used | self._used_of_others(file, key))
        )
        if names:
            lines.append(f"from {macro} import {', '.join(names)}")
            self.result.macros.setdefault(key, set()).add(macro_path(self.files, file))
        return lines

    def _used_of_others(self, file: int, key: str) -> set[str]:
        """The names of a file that code in other files of a model imports."""
        return {
            name for code in self._needed[key].values() for other, name in code.of_modules.values() if other == file
        }

    def _macro_text(self, file: int, numbers: set[int]) -> str:
        helper = self._helper(file)
        used = {need.name for number in numbers for need in helper.statements[number].needs}
        code = helper.find_needed(used)
        texts = [helper.text(number, self.variables) for number in sorted(numbers)]
        lines = import_lines([item for item in code.imports if item.binding in used], code.stars)
        for name, (other, own) in sorted(code.of_modules.items()):
            if name in used:
                alias = f" as {name}" if name != own else ""
                lines.append(f"from {macro_module(self.files, other)} import {own}{alias}")
        if any(re.search(r'\bvar\("', text) for text in texts):
            lines.append("from cbx import var")
        blocks = [_merge_imports(lines)] if lines else []
        title = f'"""From {self.files[file].source.path}."""'
        return "\n\n".join([title, *blocks]) + "\n\n\n" + "\n\n\n".join(texts) + "\n"


def _reads(statement: ast.stmt) -> bool:
    """Whether a statement uses a reader of Spark, also within a function that it defines."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"read", "readStream"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "spark"
        for node in ast.walk(statement)
    )


def is_sql(candidate: Candidate, python_files: int) -> bool:
    """Whether a candidate becomes a model in SQL."""
    if candidate.part is not None:
        return isinstance(candidate.part.code, ReadQuery)
    origin = candidate.changes.origin if candidate.changes is not None else candidate.dataset.origin
    return origin.file >= python_files or origin.statement >= SQL_STATEMENTS


def macro_module(files: Sequence[PythonFile], file: int) -> str:
    """The module of the macros from a file."""
    return macro_path(files, file).removesuffix(".py").replace("/", ".")


def macro_path(files: Sequence[PythonFile], file: int) -> str:
    """The path of the macros from a file: its own name, with its folders where the name is not enough."""
    source = files[file].source
    alike = [other for other in files if _word(other.source.stem) == _word(source.stem)]
    if len(alike) == 1 and not files[file].is_module:
        return f"macros/{_word(source.stem)}.py"
    parts = source.path.rpartition(".")[0].split("/")
    return f"macros/{'/'.join(map(_word, parts))}.py"


def _word(text: str) -> str:
    word = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower() or "notebook"
    return f"n_{word}" if word[:1].isdigit() else word


def _names_of(code: NeededCode, helper: HelperStatements) -> set[str]:
    names = {name for number in code.statements for name in helper.statements[number].names}
    return names | {item.binding for item in code.imports} | code.of_modules.keys()


def _merge(first: NeededCode | None, second: NeededCode) -> NeededCode:
    if first is None:
        return second
    return NeededCode(
        first.statements | second.statements,
        first.imports | second.imports,
        first.stars | second.stars,
        first.of_modules | second.of_modules,
        first.unknown | second.unknown,
    )


def _merge_imports(lines: Sequence[str]) -> str:
    """Lines of imports, those of one module on one line; groups for Python, libraries and macros."""
    by_module: dict[str, set[str]] = {}
    others: set[str] = set()
    for line in lines:
        match = re.fullmatch(r"from (\S+) import ([\w, ]+)", line)
        if match and " as " not in line:
            by_module.setdefault(match[1], set()).update(match[2].split(", "))
        else:
            others.add(line)
    merged = [f"from {module} import {', '.join(sorted(names))}" for module, names in by_module.items()]
    ordered = sorted({*others, *merged}, key=_import_order)
    groups = itertools.groupby(ordered, key=lambda line: _import_order(line)[0])
    return "\n\n".join("\n".join(group) for _, group in groups)


def _import_order(line: str) -> tuple[int, int, str]:
    module = line.split()[1]
    package = module.split(".")[0]
    group = 2 if package == "macros" else 0 if package in sys.stdlib_module_names else 1
    return group, int(line.startswith("from")), line


def _without_live(name: FoundText) -> FoundText:
    if isinstance(name, str):
        return re.sub(r"^live\.", "", name, flags=re.IGNORECASE)
    return name


def _last_part(name: FoundText, configuration: Mapping[str, str]) -> str:
    text = default_text(name, configuration)
    if text is None and not isinstance(name, str):
        text = "".join(part if isinstance(part, str) else part.key for part in name.parts)
    return (text or "rows").rpartition(".")[2].strip("`")
