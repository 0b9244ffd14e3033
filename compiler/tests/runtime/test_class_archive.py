"""The archive of Spark's classes: who writes it, who uses it, and what is not taken for one."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from cbx.runtime.spark.java import java_home
from cbx.runtime.spark.launch.class_archive import class_archive_options
from cbx.runtime.spark.launch.start_settings import spark_home

COMPLETE = b"\xa8\xba\x0b\xf0 and the classes"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of Java."""
    folder = tmp_path / "java"
    folder.mkdir()
    (folder / "release").write_text('JAVA_VERSION="17.0.1"\n')
    return folder


def options(home: Path, cache: Path, given: str = "", **environment: str) -> str:
    """The options of Java with this cache."""
    return class_archive_options(home, spark_home(), given, {"XDG_CACHE_HOME": str(cache), **environment})


def written_by(home: Path, cache: Path) -> Path:
    """The file that the third process writes."""
    given = [options(home, cache) for _ in range(3)]
    assert given[:2] == ["", ""]
    option = shlex.split(given[2])[0]
    assert option.startswith("-XX:ArchiveClassesAtExit=")
    return Path(option.partition("=")[2])


def test_the_third_process_writes_an_archive_that_later_ones_use(home: Path, tmp_path: Path) -> None:
    """A machine that is set up anew for each run does not pay for an archive that nobody reads."""
    written = written_by(home, tmp_path / "a cache")
    written.write_bytes(COMPLETE)

    option = shlex.split(options(home, tmp_path / "a cache"))[0]

    assert option.startswith("-XX:SharedArchiveFile=")
    assert Path(option.partition("=")[2]).read_bytes() == COMPLETE
    assert not written.exists()


def test_an_archive_that_was_not_written_to_its_end_is_not_used(home: Path, tmp_path: Path) -> None:
    """Java writes the first bytes last, so a process that was killed leaves zeros there."""
    written = written_by(home, tmp_path)
    written.write_bytes(b"\0" * 4096)

    assert "ArchiveClassesAtExit" in options(home, tmp_path)

    os.utime(written, (0, 0))
    options(home, tmp_path)
    assert not written.exists()


def test_another_java_has_another_archive(home: Path, tmp_path: Path) -> None:
    """An archive fits the version of Java that wrote it."""
    written_by(home, tmp_path).write_bytes(COMPLETE)
    assert "SharedArchiveFile" in options(home, tmp_path)

    (home / "release").write_text('JAVA_VERSION="21.0.1"\n')

    assert options(home, tmp_path) == ""


def test_archives_that_nobody_uses_are_removed(home: Path, tmp_path: Path) -> None:
    """Each new version of Java or Spark leaves one behind."""
    old = tmp_path / "cbx" / "spark-0123456789abcdef.jsa"
    old.parent.mkdir()
    old.write_bytes(COMPLETE)
    options(home, tmp_path)
    assert old.exists()

    os.utime(old, (0, 0))
    options(home, tmp_path)

    assert not old.exists()


@pytest.mark.parametrize(
    ("given", "environment"),
    [
        ("-XX:SharedArchiveFile=/mine.jsa", {}),
        ("-Xshare:off", {}),
        ("", {"JAVA_TOOL_OPTIONS": "-XX:SharedArchiveFile=/mine.jsa"}),
        ("", {"CBX_CLASS_ARCHIVE": ""}),
    ],
)
def test_an_archive_of_the_user_is_left_alone(
    home: Path, tmp_path: Path, given: str, environment: dict[str, str]
) -> None:
    """Java takes one archive."""
    assert [options(home, tmp_path, given, **environment) for _ in range(4)] == [""] * 4


def test_a_cache_that_cannot_be_written_is_done_without(home: Path, tmp_path: Path) -> None:
    """A container may have no folder for the user."""
    (tmp_path / "file").write_text("not a folder")

    assert options(home, tmp_path / "file") == ""


def test_java_writes_and_reads_it_in_silence(tmp_path: Path) -> None:
    """What Java says of archives would be in the output of cbx."""
    home = java_home(tmp_path)
    said = [run_java(home, options(home, tmp_path)) for _ in range(4)]

    assert said == [said[0]] * 4
    if not [*(tmp_path / "cbx").glob("*.jsa")]:
        pytest.skip("this Java has no archive of its own classes, on which others are based")


def run_java(home: Path, given: str) -> tuple[str, str]:
    """What a small program of Spark prints and complains of: that it has no arguments."""
    jar = next((spark_home() / "jars").glob("spark-launcher_*.jar"))
    command = [str(home / "bin" / "java"), *shlex.split(given), "-cp", str(jar), "org.apache.spark.launcher.Main"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr
