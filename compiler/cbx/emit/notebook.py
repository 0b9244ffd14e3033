"""The notebook of a model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from cbx.emit.cells import (
    WIDTH,
    api_import,
    api_name,
    call,
    comment_lines,
    document,
    free_name,
    import_lines,
    mapping,
    wrapped_literal,
)
from cbx.emit.literals import block_literal, list_literal, string_literal, text_literal
from cbx.parse.identifiers import quoted_if_needed
from cbx.project.settings import Project
from cbx.stages.plan import Artifact, ModelPlan, Read
from cbx.stages.resolved import FileInput, Import, ModelInput, PythonCode, ResolvedModel, TableInput
from cbx.syntax.text import Text, text_in_words

_DECORATORS = {"warn": "expect", "drop": "expect_or_drop", "fail": "expect_or_fail"}
_FUNCTIONS = Import("pyspark.sql", "functions", "F")


def emit_notebook(plan: ModelPlan, project: Project) -> Artifact:
    """The notebook of a model: title, imports, macros, the function or query, the datasets."""
    return Artifact(plan.artifact, _Notebook(plan, project).text())


class _Notebook:
    """The names of one notebook, and its cells."""

    def __init__(self, plan: ModelPlan, project: Project) -> None:
        self.plan = plan
        self.model = plan.model
        self.project = project
        self.api = api_name(project)
        self.code = plan.model.code if isinstance(plan.model.code, PythonCode) else None
        own = (
            [imported.alias or imported.name or imported.module.split(".")[0] for imported in self.code.imports]
            if self.code
            else []
        )
        defined = self.code.names if self.code else ()
        self.taken = frozenset([*own, *defined, self.api, "spark", "var"])
        rules = self.model.expectations if self.model.quarantine else ()
        self.dropping = [rule for rule in rules if rule.on_violation == "drop"]
        same = self.code is not None and _FUNCTIONS in self.code.imports
        self.functions = "F" if same else free_name("F", self.taken)
        self.base = f"{self.model.layer}_{self.model.name}"

    @property
    def _has_struct(self) -> bool:
        """Whether changes are ordered by several columns, compared one after the other."""
        return self.model.cdc is not None and len(self.model.cdc.sequence_by) > 1

    def text(self) -> str:
        """The whole notebook."""
        return document(self.project, list(self._title()), list(self._cells()))

    def _title(self) -> Iterator[str]:
        yield self.model.id
        if self.model.description:
            yield from comment_lines(self.model.description)
        yield ""
        reads = ", ".join(f"`{name}`" for name in dict.fromkeys(_read_names(self.model)))
        this = "file" if self.project.settings.compile.source_format == "file" else "notebook"
        compiled = f"Compiled by cbx from `{self.model.path}`: change the model, not this {this}."
        yield from comment_lines(f"Reads {reads}. {compiled}" if reads else compiled)

    def _cells(self) -> Iterator[str]:
        imports = [api_import(self.project), *(self.code.imports if self.code else ())]
        if self.dropping or self._has_struct:
            imports.append(Import("pyspark.sql", "functions", self.functions))
        yield import_lines(imports)
        if self.code is not None:
            if self.code.variables:
                yield _var_function(self.project)
            for path, snippets in groupby(self.code.definitions, attrgetter("path")):
                yield f"# {path}\n" + "\n\n\n".join(snippet.text for snippet in snippets)
            yield self.code.source.text
        elif self.plan.query is not None:
            yield f"QUERY = {block_literal(self.plan.query, self.project.name)}"
            yield from self._file_views()
        yield "\n\n\n".join(self._datasets())

    def _file_views(self) -> Iterator[str]:
        for read in self.plan.reads:
            if read.files is not None and read.table is not None and read.table.constant is not None:
                view = read.table.constant
                name = string_literal(view)
                opened = _auto_loader(read.files, self.project, "        ")
                yield f"@{self._word('view')}(name={name})\ndef {view}():\n    return (\n{opened}\n    )"

    def _datasets(self) -> Iterator[str]:
        if self.plan.changes_view is not None:
            yield from self._cdc_datasets(self.plan.changes_view)
        else:
            kind = {"streaming_table": "table", "materialized_view": "batch"}.get(self.model.kind, "view")
            decorator = call(f"@{self._word(kind)}", list(self._table_arguments()))
            yield "\n".join([decorator, *self._expectations(), self._definition(self._free(self.base), self._result())])
        if self.dropping:
            yield from self._quarantine()

    def _table_arguments(self) -> Iterator[tuple[str, str]]:
        yield "name", string_literal(self.model.dataset)
        if self.model.description:
            yield "comment", string_literal(self._comment())
        if self.model.kind == "view":
            return
        if self.plan.schema:
            lines = ",\n".join(f"        {element}" for element in self.plan.schema)
            literal = block_literal(Text.of(lines), self.project.name)
            yield "schema", literal[:-3] + '    """' if literal.endswith('"""') else literal
        properties = {"quality": self.model.layer, **dict(self.model.properties)}
        yield "table_properties", mapping(properties.items())
        if self.model.cluster_by:
            yield "cluster_by", list_literal(self.model.cluster_by)

    def _comment(self) -> str:
        return " ".join((self.model.description or "").split())

    def _expectations(self) -> Iterator[str]:
        for expectation in self.model.expectations:
            condition = text_literal(expectation.condition, self.project.name)
            decorator = _DECORATORS[expectation.on_violation]
            yield f"@{self.api}.{decorator}({string_literal(expectation.name)}, {condition})"

    def _definition(self, name: str, result: str) -> str:
        return f"def {name}():\n    return {result}"

    def _result(self) -> str:
        """The expression that computes the model, inside a function's body."""
        if self.code is None:
            return "spark.sql(QUERY)"
        reads = self.plan.reads
        if len(reads) == 1 and not reads[0].keyword_only:
            opened = self._opened(reads[0], "        ")
            is_long = "\n" in opened
            return f"{self.code.function}(\n{opened}\n    )" if is_long else f"{self.code.function}({opened.strip()})"
        if not reads:
            return f"{self.code.function}()"
        lines = []
        for read in reads:
            opened = self._opened(read, "            ")
            value = f"(\n{opened}\n        )" if "\n" in opened else opened.strip()
            lines.append(f"        {read.parameter}={value},\n")
        return f"{self.code.function}(\n{''.join(lines)}    )"

    def _opened(self, read: Read, indent: str) -> str:
        if read.files is not None:
            return _auto_loader(read.files, self.project, indent)
        reader = "spark.readStream.table" if read.is_streaming else "spark.read.table"
        return f"{indent}{reader}({text_literal(read.table or Text.of(''), self.project.name)})"

    def _cdc_datasets(self, view: str) -> Iterator[str]:
        cdc = self.model.cdc
        assert cdc is not None  # noqa: S101 - the plan names a view of changes for AUTO CDC only
        comment = string_literal(f"Changes applied to {self.model.dataset}.")
        decorator = f"@{self._word('view')}(name={string_literal(view)}, comment={comment})"
        if len(decorator) > WIDTH:
            decorator = call(f"@{self._word('view')}", [("name", string_literal(view)), ("comment", comment)])
        yield "\n".join([decorator, *self._expectations(), self._definition(self._free(view), self._result())])
        table = call(f"{self.api}.create_streaming_table", list(self._table_arguments()))
        yield table + "\n\n" + call(f"{self.api}.create_auto_cdc_flow", list(self._flow_arguments(view)))

    def _flow_arguments(self, view: str) -> Iterator[tuple[str, str]]:
        cdc = self.model.cdc
        assert cdc is not None  # noqa: S101 - as above
        yield "target", string_literal(self.model.dataset)
        yield "source", string_literal(view)
        yield "keys", list_literal(self.model.key or ())
        names = ", ".join(string_literal(quoted_if_needed(name)) for name in cdc.sequence_by)
        yield "sequence_by", f"{self.functions}.struct({names})" if self._has_struct else names
        if cdc.ignore_null_updates is not False:
            is_all = cdc.ignore_null_updates is True
            yield "ignore_null_updates", "True" if is_all else list_literal(cdc.ignore_null_updates)  # type: ignore[arg-type] # it is the names then
        if cdc.apply_as_deletes is not None:
            yield "apply_as_deletes", text_literal(cdc.apply_as_deletes, self.project.name)
        if cdc.apply_as_truncates is not None:
            yield "apply_as_truncates", text_literal(cdc.apply_as_truncates, self.project.name)
        if cdc.except_columns:
            yield "except_column_list", list_literal(cdc.except_columns)
        yield "stored_as_scd_type", str(cdc.scd_type)
        if cdc.track_history:
            yield "track_history_column_list", list_literal(cdc.track_history)
        if cdc.track_history_except:
            yield "track_history_except_column_list", list_literal(cdc.track_history_except)

    def _quarantine(self) -> Iterator[str]:
        rules = [
            f"    {string_literal(rule.name)}: {text_literal(rule.condition, self.project.name)},\n"
            for rule in self.dropping
        ]
        name = free_name("DROPPING_RULES", self.taken)
        yield f"{name} = {{\n{''.join(rules)}}}"
        table = f"{self.model.dataset}_quarantine"
        kind = "table" if self.model.is_streaming else "batch"
        arguments = [
            ("name", string_literal(table)),
            (
                "comment",
                string_literal(f"Rows dropped from {self.model.dataset}, with the rules that they broke."),
            ),
            ("table_properties", mapping([("quality", self.model.layer)])),
        ]
        f = self.functions
        body = [
            f"def {self._free(self.base + '_quarantine')}():",
            f"    rows = {self._result()}",
            "    broken = [",
            f"        {f}.when(~{f}.coalesce({f}.expr(condition), {f}.lit(False)), {f}.lit(rule))",
            f"        for rule, condition in {name}.items()",
            "    ]",
            f'    rows = rows.withColumn("broken_rules", {f}.array_compact({f}.array(*broken)))',
            '    return rows.where("size(broken_rules) > 0")',
        ]
        yield call(f"@{self._word(kind)}", arguments) + "\n" + "\n".join(body)

    def _free(self, name: str) -> str:
        return free_name(name, self.taken)

    def _word(self, kind: str) -> str:
        """The decorator of a kind of dataset in the API that the project chose."""
        words = (
            {"table": "table", "batch": "table", "view": "view"}
            if self.api == "dlt"
            else {"table": "table", "batch": "materialized_view", "view": "temporary_view"}
        )
        return f"{self.api}.{words[kind]}"


def _read_names(model: ResolvedModel) -> Iterator[str]:
    for model_input in model.inputs:
        match model_input:
            case FileInput(path=text) | TableInput(table=text):
                yield text_in_words(text)
            case ModelInput(model=name):
                yield name


def _var_function(project: Project) -> str:
    key = "{name}"
    return (
        "def var(name: str) -> str:\n"
        '    """The value that the environment gives a variable of the project."""\n'
        f'    return spark.conf.get(f"{project.name}.{key}")'
    )


def _auto_loader(files: FileInput, project: Project, indent: str) -> str:
    """The reading of files with Auto Loader, a call a line."""
    given = {name.lower() for name, _ in files.options}
    options: list[tuple[str, str]] = [("cloudFiles.format", string_literal(files.format))]
    if "cloudfiles.infercolumntypes" not in given:
        options.append(("cloudFiles.inferColumnTypes", string_literal("true")))
    if files.schema_hints and "cloudfiles.schemahints" not in given:
        options.append(("cloudFiles.schemaHints", wrapped_literal(files.schema_hints, indent + "    ")))
    if files.format == "csv" and "header" not in given:
        options.append(("header", string_literal("true")))
    options += [(name, text_literal(value, project.name)) for name, value in files.options]
    lines = ['spark.readStream.format("cloudFiles")']
    for name, value in options:
        one_line = f".option({string_literal(name)}, {value})"
        is_long = len(indent + one_line) > WIDTH
        lines.append(
            f".option(\n{indent}    {string_literal(name)},\n{indent}    {value},\n{indent})" if is_long else one_line
        )
    lines.append(f".load({text_literal(files.path, project.name)})")
    return "\n".join(indent + line for line in lines)
