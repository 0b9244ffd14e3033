"""Changes files of ``target/`` all together or not at all, also where the process is killed in between.

The new files are first written aside, with a list of where they belong and of what goes. Renaming that folder decides:
before it ``target/`` is the old one, after it whoever comes next moves the files that are not in their places yet.
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

from cbx.location import read_regular
from cbx.target import OWN_FILES, OWN_FOLDERS, TARGET, WRITING

_STAGED, _LIST = ".staged-", "list.json"


@contextlib.contextmanager
def alone(root: Path, waiting: Callable[[], object], *, reading: bool = False) -> Iterator[None]:
    """Keep other compilations from changing ``target/`` as long as the context lasts, waiting for one that does.

    The lock is the operating system's, on the project's folder: it leaves no file, and goes when the process goes.
    Where there is none, as on Windows and some network drives, nobody waits.

    Args:
        root: The folder with ``project.toml``.
        waiting: Is called once where somebody has to wait.
        reading: Nothing is to be changed, so others that read need not wait.
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


def is_unfinished(root: Path) -> bool:
    """Whether a change was decided and not brought to its end."""
    return os.path.lexists(root / TARGET / WRITING)


def change(root: Path, files: Mapping[str, str], removed: Iterable[str]) -> None:
    """Replace and remove files of ``target/``.

    Args:
        root: The folder with ``project.toml``.
        files: The new texts, by their paths below ``target/``.
        removed: The files that go.

    Raises:
        OSError: If that cannot be; ``filename`` is the path, below the project. Nothing is changed then, save where
            the moving itself fails, which the next call goes on with.
    """
    target, gone = root / TARGET, tuple(removed)
    with _naming(TARGET):
        _refuse_links(root, [*files, *gone])
        finish(root)
        if not files and not gone:
            return
        target.mkdir(exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f"{_STAGED}{os.getpid()}-", dir=target))
    try:
        names = {f"{staged.name}-{number}": path for number, path in enumerate(files)}
        for folder in {path.rpartition("/")[0] for path in files}:
            with _naming(f"{TARGET}/{folder}".rstrip("/")):
                _make_folder(target / folder)
        for name, path in names.items():
            with _naming(f"{TARGET}/{path}"):
                _refuse_folder(target / path)
                (staged / name).write_bytes(files[path].encode())
        with _naming(TARGET):
            (staged / _LIST).write_text(json.dumps({"files": names, "removed": gone}), encoding="utf-8")
            finish(root)
            os.rename(staged, target / WRITING)  # noqa: PTH104 - says what it does: this decides
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    finish(root)


def finish(root: Path) -> None:
    """Bring a change to its end that was decided and not finished, and clear away those that were not decided.

    Raises:
        OSError: If a file cannot be moved; ``filename`` is the path, below the project.
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
        with _naming(f"{TARGET}/{path}"):
            _move(writing / name, target / path)
    for path in removed:
        with _naming(f"{TARGET}/{path}"):
            (target / path).unlink(missing_ok=True)
    if writing.is_symlink():
        writing.unlink()
    with contextlib.suppress(OSError):
        (writing / _LIST).unlink()
    with contextlib.suppress(OSError):  # another compilation's, by now
        writing.rmdir()


def _move(source: Path, place: Path) -> None:
    """Move a file into its place; one that is not there was moved already."""
    for folder_is_there in (False, True):
        try:
            os.replace(source, place)  # noqa: PTH105 - says what it does: the old one goes at once
        except FileNotFoundError:
            if folder_is_there or place.parent.is_dir():
                return
            place.parent.mkdir(parents=True, exist_ok=True)
        else:
            return


def _read_list(root: Path, writing: Path) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """What is to be moved and removed; nothing where the list is none that this wrote: it may lead anywhere."""
    try:
        known = json.loads(read_regular(writing / _LIST)) if not writing.is_symlink() else {}
        files, removed = dict(known["files"]), tuple(known["removed"])
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
    return ".." not in parts and (path in OWN_FILES or (len(parts) > 1 and parts[0] in OWN_FOLDERS))


def _refuse_links(root: Path, paths: Iterable[str]) -> None:
    """A link in ``target/`` could lead a write out of it."""
    parents = {Path(TARGET, folder) for folder in {path.rpartition("/")[0] for path in paths}} | {Path(TARGET)}
    folders = {folder for parent in parents for folder in (parent, *parent.parents)}
    for folder in sorted(folders):
        if (root / folder).is_symlink():
            raise OSError(0, f"`{folder.as_posix()}` is a link")


def _make_folder(path: Path) -> None:
    """Make sure, before anything is decided, that files can be moved into a folder."""
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _refuse_folder(path: Path) -> None:
    """Where a folder stands, no file can be moved to."""
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _is_running(name: str) -> bool:
    """Whether the process that writes a folder is still at it, as far as that can be told."""
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
def _naming(path: str) -> Iterator[None]:
    """Let an error name the file that it is about, not the one beside it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from error
