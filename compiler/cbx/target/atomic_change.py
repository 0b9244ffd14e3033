"""Changes files of ``target/`` all together or not at all, also if the process is killed.

The new files are first staged in a folder, with a list of their final paths and of the files to remove. Renaming that
folder commits the change: before it ``target/`` is unchanged; after it the next process completes the change.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from cbx.processes.forked_workers import map_in_forks
from cbx.files.bounded_read import read_regular
from cbx.target.layout import OWN_FILES, OWN_FOLDERS, TARGET, WRITING

_STAGED, _LIST = ".staged-", "list.json"
_TOGETHER = 1000
"""How many files a process writes at a time."""


@contextlib.contextmanager
def lock_target(root: Path, waiting: Callable[[], object], *, reading: bool = False) -> Iterator[None]:
    """Lock ``target/`` against other compilations, and wait for a running one.

    The lock is the operating system's, on the project's folder: it leaves no file and ends with the process. On systems
    without such locks, as on Windows and some network drives, nothing is locked.

    Args:
        root: The folder with ``project.toml``.
        waiting: Is called once before waiting.
        reading: Whether the lock is shared with other readers.
    """
    try:
        import fcntl

        kind = fcntl.LOCK_SH if reading else fcntl.LOCK_EX
        folder = os.open(root, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(folder, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(folder, kind)
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_UN)
        os.close(folder)


def is_change_pending(root: Path) -> bool:
    """Whether a change was committed and not completed."""
    return os.path.lexists(root / TARGET / WRITING)


def change_files(root: Path, files: Mapping[str, str], removed: Iterable[str]) -> None:
    """Replace and remove files of ``target/``.

    Args:
        root: The folder with ``project.toml``.
        files: The new texts, by path below ``target/``.
        removed: The paths of the files to remove.

    Raises:
        OSError: If a file cannot be written; ``filename`` is its path below the project. Nothing has changed then,
            except if moving files failed: the next call completes that.
    """
    target, gone = root / TARGET, tuple(removed)
    with _name_path_in_errors(TARGET):
        _refuse_links(root, [*files, *gone])
        finish_change(root)
        if not files and not gone:
            return
        target.mkdir(exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f"{_STAGED}{os.getpid()}-", dir=target))
    try:
        names = _stage(target, staged, files)
        with _name_path_in_errors(TARGET):
            (staged / _LIST).write_text(json.dumps({"files": names, "removed": gone}), encoding="utf-8")
            finish_change(root)
            os.rename(staged, target / WRITING)  # noqa: PTH104 - this commits the change
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    finish_change(root)


def _stage(target: Path, staged: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Stage new files; return the final path of each staged file or new folder, by its name in the staging folder."""
    names: dict[str, str] = {}
    new_folders: dict[str, str | None] = {}
    places: list[tuple[str, str]] = []
    for path in files:
        folder = path.rpartition("/")[0]
        if folder not in new_folders:
            with _name_path_in_errors(f"{TARGET}/{folder}".rstrip("/")):
                new_folders[folder] = _first_missing(target, folder)
        moved = new_folders[folder] or path
        name = names.setdefault(moved, f"{staged.name}-{len(names)}")
        places.append((path, f"{staged}/{name}{path[len(moved) :]}"))
        if moved == path and _is_folder(f"{target}/{path}"):  # a file cannot replace a folder
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), f"{TARGET}/{path}")
    with _name_path_in_errors(TARGET):
        for parent in sorted({place.rpartition("/")[0] for _, place in places}):
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103 - of a text

    def write(file: tuple[str, str]) -> None:
        path, place = file
        try:
            _write_file(place, files[path].encode())
        except OSError as error:
            raise _with_path(error, f"{TARGET}/{path}") from error

    map_in_forks(write, places, _TOGETHER)
    return {name: path for path, name in names.items()}


def _write_file(place: str, content: bytes) -> None:
    """Write a file without a buffer, which is faster for thousands of small files."""
    with open(place, "wb", buffering=0) as opened:  # noqa: PTH123 - of a text
        if opened.write(content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _first_missing(target: Path, folder: str) -> str | None:
    """The topmost folder of a path that does not exist; None if the folder exists and is writable."""
    parts = PurePosixPath(folder).parts
    for length in range(len(parts) + 1):
        path = target.joinpath(*parts[:length])
        if not os.path.lexists(path):
            return "/".join(parts[:length])
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(target / folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return None


def finish_change(root: Path) -> None:
    """Complete a committed change, and remove staged files of killed processes.

    Raises:
        OSError: If a file cannot be moved; ``filename`` is its path below the project.
    """
    target = root / TARGET
    writing = target / WRITING
    if target.is_symlink():
        return
    for left in target.glob(f"{_STAGED}*"):
        if not _is_running(left.name):
            shutil.rmtree(left, ignore_errors=True)
    if not writing.is_symlink() and not writing.exists():
        return
    files, removed = _read_list(root, writing)
    for name, path in files.items():
        try:
            _move(f"{writing}/{name}", f"{target}/{path}")
        except OSError as error:
            raise _with_path(error, f"{TARGET}/{path}") from error
    for path in removed:
        with _name_path_in_errors(f"{TARGET}/{path}"):
            (target / path).unlink(missing_ok=True)
    if writing.is_symlink():
        writing.unlink()
    with contextlib.suppress(OSError):
        (writing / _LIST).unlink()
    with contextlib.suppress(OSError):  # it may be another compilation's by now
        writing.rmdir()


def _move(source: str, place: str) -> None:
    """Move a file or folder to its final path; if it does not exist, it was already moved."""
    for folder_is_there in (False, True):
        try:
            os.replace(source, place)  # noqa: PTH105 - replaces the old file atomically
        except FileNotFoundError:
            parent = Path(place).parent
            if folder_is_there or parent.is_dir():
                return
            parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            if not all(_is_folder(path) for path in (source, place)):
                raise
            for name in sorted(os.listdir(source)):  # noqa: PTH208 - another process has created the folder
                _move(f"{source}/{name}", f"{place}/{name}")
            with contextlib.suppress(OSError):
                os.rmdir(source)  # noqa: PTH106 - of a text
            return
        else:
            return


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)  # noqa: PTH112, PTH114 - of a text


def _read_list(root: Path, writing: Path) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The files to move and to remove; nothing if this module did not write the list, which could name any path."""
    try:
        listed = json.loads(read_regular(writing / _LIST)) if not writing.is_symlink() else {}
        files, removed = dict(listed["files"]), tuple(listed["removed"])
        paths = [*files.values(), *removed]
        if all(_is_own(path) for path in paths) and all(PurePosixPath(name).name == name for name in files):
            _refuse_links(root, paths)
            return files, removed
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    if not writing.is_symlink() and writing.is_dir():
        shutil.rmtree(writing, ignore_errors=True)
    return {}, ()


def _is_own(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return ".." not in parts and (path in OWN_FILES or parts[:1] in [(folder,) for folder in OWN_FOLDERS])


def _refuse_links(root: Path, paths: Iterable[str]) -> None:
    """Raise OSError for links in ``target/``, which could lead out of it."""
    parents = {Path(TARGET, folder) for folder in {path.rpartition("/")[0] for path in paths}} | {Path(TARGET)}
    folders = {folder for parent in parents for folder in (parent, *parent.parents)}
    for folder in sorted(folders):
        if (root / folder).is_symlink():
            raise OSError(0, f"`{folder.as_posix()}` is a link")


def _is_running(name: str) -> bool:
    """Whether the process that staged a folder is still running, as far as that is known."""
    number = name.removeprefix(_STAGED).partition("-")[0]
    if os.name != "posix" or not number.isdecimal() or int(number) == os.getpid():
        return number.isdecimal()
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _name_path_in_errors(path: str) -> Iterator[None]:
    """Let errors name a path of ``target/`` instead of a staged file."""
    try:
        yield
    except OSError as error:
        raise _with_path(error, path) from error


def _with_path(error: OSError, path: str) -> OSError:
    return OSError(error.errno, error.strerror or str(error), path)
