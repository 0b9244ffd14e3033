"""Finds and reads the files of a project."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean
from cbx.diagnostics.source_files import SourceFile, Span, as_text
from cbx.parse.toml.parameter_file import ParameterFiles
from cbx.project.find_project import PROJECT_FILE
from cbx.project.identifiers import DEVICE, IDENTIFIER
from cbx.project.settings import Project
from cbx.stages.declared import Discovered, ModelFile

SEEDS = "seeds"
_LARGEST_FILE = 1 << 20
_LANGUAGES = (".py", ".sql")
_DECLARATIONS, _ROWS = (".toml",), (".csv",)
_PROPERTIES = (".yml", ".yaml")
_PARAMETERS = (".toml",)


def discover(project: Project, report: Report) -> Discovered:
    """Read every model and macro of a project.

    Before: a folder. After: the text of ``models/silver/orders.sql`` as the file of the model ``silver.orders``.
    A seed is the pair of ``seeds/gold/currencies.toml`` and ``currencies.csv``; TOML files beside models are for
    ``for_each``. CBX106 for invalid names, CBX107 for unreadable files, CBX203 for two files of one model, CBX245 for
    half a pair.
    """
    files: list[ModelFile] = []
    known_ids: set[str] = set()
    for path in _files(project.root, "models", report):
        named = _model_name(path, project, report)
        known_ids |= _ids_by_path(path, project)
        if named is None:
            continue
        text = _read_file(project.root, path, report)
        if text is not None:
            files.append(ModelFile(SourceFile(path, text), *named))
    files += _discover_seeds(project, known_ids, report)
    parameter_files = _read_files_beside(project.root, report)
    macro_files = _read_macro_files(project, report)
    return Discovered(project, _drop_duplicates(files, report), frozenset(known_ids), macro_files, parameter_files)


def _discover_seeds(project: Project, known_ids: set[str], report: Report) -> Iterator[ModelFile]:
    """The declarations of seeds, each with the CSV file beside it; CBX245 where one of the two is missing."""
    declarations = list(_files(project.root, SEEDS, report, _DECLARATIONS))
    tables = list(_files(project.root, SEEDS, report, _ROWS))
    for path in declarations:
        known_ids |= _ids_by_path(path, project)
        yield from _read_seed(path, project, report)
    for path in tables:
        declaration = f"{path.removesuffix('.csv')}.toml"
        if declaration not in declarations:
            known_ids |= _ids_by_path(path, project)
            message, hint = f"`{path}` is not declared", f"write its columns and their types to `{declaration}`"
            _read_file(project.root, path, report)
            report.add(codes.INVALID_SEED, message, Span(path), hint=hint)


def _read_seed(path: str, project: Project, report: Report) -> Iterator[ModelFile]:
    named, rows = _model_name(path, project, report), f"{path.removesuffix('.toml')}.csv"
    declared = _read_file(project.root, path, report)
    if named is None or declared is None:
        return
    file = project.root / rows
    if not file.exists() or (file.is_symlink() and not _stays_inside(project.root, file)):
        report.add(codes.INVALID_SEED, f"there is no `{rows}` with the rows of this seed", Span(path), hint="add it")
        return
    text = _read_file(project.root, rows, report)
    if text is not None:
        yield ModelFile(SourceFile(path, declared), *named, SourceFile(rows, text))


def _read_files_beside(root: Path, report: Report) -> ParameterFiles:
    """Read the TOML files next to models, in one walk with the YAML files, of which it warns."""
    unreported = Report()
    beside = list(_files(root, "models", unreported, (*_PARAMETERS, *_PROPERTIES)))
    ignored = [path for path in beside if path.endswith(_PROPERTIES)]
    _report_ignored_files(root, (*ignored, *_files(root, SEEDS, unreported, _PROPERTIES)), report)
    return _read_parameter_files(root, (path for path in beside if path.endswith(_PARAMETERS)), unreported, report)


def _read_parameter_files(root: Path, paths: Iterable[str], found: Report, report: Report) -> ParameterFiles:
    """The texts of files; None for those that cannot be read, or of which the walk that found them says so."""
    texts = {path: _read_file(root, path, found) for path in paths}
    problems = [
        problem for problem in found.sorted_diagnostics() if problem.span and problem.span.path.endswith(_PARAMETERS)
    ]
    report.extend(problems)
    report.sources.update(found.sources)
    unreadable: dict[str, SourceFile | None] = {problem.span.path: None for problem in problems if problem.span}
    return unreadable | {path: SourceFile(path, text) for path, text in texts.items() if text is not None}


def _report_ignored_files(root: Path, paths: Iterable[str], report: Report) -> None:
    """Warn of YAML files next to models and seeds, in which dbt users declare columns and tests: they are not read."""
    unreported = Report()
    for path in paths:
        _read_file(root, path, unreported)
        what = "a seed's TOML file" if path.startswith(f"{SEEDS}/") else "a model's file"
        message = f"`{path}` is not read: {what} declares its columns, key and expectations"
        hint = f"move its content to {what}, and delete it"
        if what == "a model's file":
            hint = "move its content to the models' `columns`, `key`, `relationships` and `expectations`, and delete it"
        report.add(codes.IGNORED_FILE, message, Span(path), hint=hint)
    report.sources.update(unreported.sources)


def discover_part(project: Project, report: Report, paths: Iterable[str], known_ids: frozenset[str]) -> Discovered:
    """Read some models of a project and all of its macros.

    Args:
        project: The project.
        report: As for `discover`.
        paths: The files of the models to read.
        known_ids: The ids of all models.
    """
    files: list[ModelFile] = []
    for path in sorted(paths):
        if path.startswith(f"{SEEDS}/"):
            files += _read_seed(path, project, report)
            continue
        named, text = _model_name(path, project, report), _read_file(project.root, path, report)
        if named and text is not None:
            files.append(ModelFile(SourceFile(path, text), *named))
    found, has_lists = Report(), any("for_each" in file.source.text for file in files)
    paths = _files(project.root, "models", found, _PARAMETERS) if has_lists else ()
    parameter_files = _read_parameter_files(project.root, paths, found, report)
    return Discovered(project, tuple(files), known_ids, _read_macro_files(project, report), parameter_files)


def _read_macro_files(project: Project, report: Report) -> tuple[SourceFile, ...]:
    paths = list(_files(project.root, "macros", report))
    for path in paths:
        _check_name(path, report)
    macros = [(path, _read_file(project.root, path, report)) for path in paths]
    return tuple(SourceFile(path, text) for path, text in macros if text is not None)


def _files(root: Path, folder: str, report: Report, suffixes: tuple[str, ...] = _LANGUAGES) -> Iterator[str]:
    """The paths of the model or macro files in a folder, relative to the project, in order."""
    place = root / folder
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        folder.encode()
        is_outside = place.is_symlink() and not place.resolve().is_relative_to(root.resolve())
    except FileNotFoundError:
        return
    except (OSError, UnicodeEncodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is not valid text"
        _report_unreadable(folder, f"this folder cannot be read: {reason}", report)
        return
    if is_outside:
        _report_unreadable(folder, "this link points outside the project", report)
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if entry.is_symlink() and not _stays_inside(root, place / entry.name):
            if entry.name.endswith(suffixes) or not entry.is_file():
                _report_unreadable(
                    path, "this link points outside the project, to itself, or to a file that does not exist", report
                )
        elif entry.is_dir():
            _check_name(path, report)
            yield from _files(root, path, report, suffixes)
        elif entry.name.endswith(suffixes) and entry.name != "__init__.py":
            yield path


def _check_name(path: str, report: Report) -> None:
    """Report a folder or a macro file with a name that Windows does not allow."""
    name = path.rsplit("/", 1)[-1]
    is_kept = DEVICE.match(name.split(".")[0])
    if is_kept or name.endswith((".", " ")):
        why = "has the name of a device on Windows" if is_kept else "ends in a dot or a space, which Windows drops"
        report.add(
            codes.INVALID_NAME, f"`{path}` {why}", Span(path), hint="choose another: it cannot be checked out there"
        )


def _stays_inside(root: Path, link: Path) -> bool:
    """Whether a link leads to a path in the project that is not a folder above the link."""
    try:
        target = link.resolve(strict=True)
        return target.is_relative_to(root.resolve()) and not link.absolute().is_relative_to(target)
    except (OSError, RuntimeError):
        return False


def _read_file(root: Path, path: str, report: Report) -> str | None:
    try:
        file = f"{root}/{path}"
        status = os.stat(file)  # noqa: PTH116 - for thousands of files
        if not stat.S_ISREG(status.st_mode):
            problem = "this is not a regular file"
        elif status.st_size > _LARGEST_FILE:
            what = "seed" if path.startswith(f"{SEEDS}/") else "model or macro file"
            problem = f"this file has {status.st_size:,} bytes; a {what} has at most 1 MiB"
        else:
            with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - as above
                text = as_text(opened.read())
            if "\0" not in text:
                report.sources[path] = text
                return text
            problem = "this file contains a NUL character: it is not text"
    except UnicodeDecodeError as error:
        problem = f"this file is not UTF-8 text: byte {error.start + 1} is not part of a character"
    except OSError as error:
        problem = f"this file cannot be read: {error.strerror}"
    _report_unreadable(path, problem, report)
    return None


def _report_unreadable(path: str, message: str, report: Report) -> None:
    report.add(codes.UNREADABLE_FILE, message, Span(path), hint="fix it, or move it out of the project")


def _ids_by_path(path: str, project: Project) -> set[str]:
    """The model id by a file's path, even if invalid, so that models that read it are not reported."""
    layer = _layer_of_path(path, project)
    return {f"{layer}.{path.rsplit('/', 1)[-1].rsplit('.', 1)[0]}"} if layer is not None else set()


def _layer_of_path(path: str, project: Project) -> str | None:
    """The layer that a path names, or that of seeds outside of folders; None for other files outside of folders."""
    first, *folders, _ = path.split("/")
    if folders:
        return folders[0]
    return project.settings.seeds.layer if first == SEEDS else None


def _model_name(path: str, project: Project, report: Report) -> tuple[str, str] | None:
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    layers = ", ".join(f"`{layer}`" for layer in project.layers)
    layer = _layer_of_path(path, project)
    if layer is None:
        is_seed = path.startswith(f"{SEEDS}/")
        hint = f"move it into the folder of a layer: {layers}"
        hint += '; or name the layer of such seeds in project.toml: `[seeds]` `layer = "..."`' if is_seed else ""
        message = f"the {'seed' if is_seed else 'model'} `{stem}` is not in a layer"
        report.add(codes.INVALID_NAME, message, Span(path), hint=hint)
        return None
    if layer not in project.layers:
        message = f"the folder `{path.split('/', maxsplit=1)[0]}/{layer}` is not a layer of the project"
        causes = [Cause(PROJECT_FILE, f"layer {layer}")]
        otherwise = f"the layers of project.toml are {layers}"
        if "layers" not in project.settings.project.model_fields_set:
            otherwise = f"name the layers in project.toml: `[project]` `layers = [...]`; without it they are {layers}"
            causes.append(Cause(PROJECT_FILE, "layers"))
        hint = did_you_mean(layer, project.layers, otherwise)
        report.add(codes.INVALID_NAME, message, Span(path), hint=hint, causes=causes)
        return None
    if not IDENTIFIER.match(stem):
        hint = "use letters, digits and underscores, no digit first"
        report.add(codes.INVALID_NAME, f"`{stem}` is not a name for a model", Span(path), hint=hint)
        return None
    if DEVICE.match(stem):
        message = f"the model `{stem}` has the name of a device on Windows"
        report.add(codes.INVALID_NAME, message, Span(path), hint="choose another: no file can have it there")
        return None
    return layer, stem


def _drop_duplicates(files: list[ModelFile], report: Report) -> tuple[ModelFile, ...]:
    first: dict[str, ModelFile] = {}
    for file in files:
        earlier = first.setdefault(file.id.lower(), file)
        if earlier is file:
            continue
        same = earlier.id == file.id
        reason = "" if same else ", which differs only by upper and lower case"
        report.add(
            codes.DUPLICATE_MODEL,
            f"`{file.id}` is defined twice: `{earlier.source.path}` defines `{earlier.id}`{reason}",
            file.source.start(),
            hint="rename or remove one of the two",
            related=[Related("the first", earlier.source.start())],
        )
    return tuple(first.values())
