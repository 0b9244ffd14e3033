"""What a model declares, as the manifest has it: the manifest is written with it, selectors find models by it."""

from __future__ import annotations

from typing import Any

from cbx.stages.inputs import FileInput, Input, ModelInput, ReaderInput, SnapshotInput, TableInput
from cbx.stages.resolved_model import PythonCode, ResolvedModel
from cbx.syntax.text import Text, text_in_words


def identity_entry(model: ResolvedModel) -> dict[str, Any]:
    """What a model is and reads."""
    return {
        "kind": model.kind,
        "path": model.path,
        "language": "csv" if model.kind == "seed" else "python" if isinstance(model.code, PythonCode) else "sql",
        "layer": model.layer,
        "name": model.name,
        **({"parameters": dict(model.parameters.values)} if model.parameters is not None else {}),
        **({"row_count": model.seed.row_count} if model.seed is not None else {}),
        "dataset": model.dataset,
        "description": model.description,
        "inputs": [_input_entry(source) for source in model.inputs],
        **({"flow": {"into": model.flow.model, "once": model.flow.once}} if model.flow is not None else {}),
    }


def settings_entry(model: ResolvedModel) -> dict[str, Any]:
    """The settings of a model that selectors compare; options of its table only where they are declared."""
    options = {
        **model.options._asdict(),
        "partition_cols": list(model.options.partition_cols),
        "replace_using": list(model.options.replace_using),
        "spark_conf": dict(model.options.spark_conf),
        "table_tags": dict(model.options.table_tags),
    }
    return {
        "tags": list(model.tags),
        "owner": model.owner,
        "properties": dict(model.properties),
        "cluster_by": list(model.cluster_by),
        **{name: value for name, value in options.items() if value},
        "quarantine": model.quarantine,
    }


def _input_entry(source: Input) -> dict[str, Any]:
    mode = "stream" if source.is_streaming else "batch"
    match source:
        case ModelInput(model=name):
            return {"model": name, "mode": mode}
        case TableInput(table=table, dependency=dependency):
            published = {"dependency": dependency} if dependency is not None else {}
            return {"table": text_in_words(table), "mode": mode, **published}
        case FileInput(path=path, format=file_format):
            return {
                "path": text_in_words(path),
                "mode": mode,
                "format": file_format,
                **({"schema": source.schema} if source.schema else {}),
                "schema_hints": source.schema_hints,
                "options": {name: text_in_words(value) for name, value in source.options},
            }
        case ReaderInput(format=format_name):
            options = {option: text_in_words(value) for option, value in source.options}
            schema = {"schema": source.schema} if source.schema else {}
            return {"name": source.place, "mode": mode, "format": format_name, **schema, "options": options}
        case SnapshotInput(path=None, function=function, version=version):
            return {"function": function, "mode": mode, "version": version}
        case SnapshotInput(path=path, format=file_format):
            return {
                "path": text_in_words(path or Text.of("")),
                "mode": mode,
                "format": file_format,
                "version": source.version,
                "schema": source.schema,
                "options": {name: text_in_words(value) for name, value in source.options},
            }
