"""Finding Java, and starting the packaged one as Spark starts it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cbx.runtime.spark.java import java_home


def fake_java(home: Path, version: str) -> Path:
    """A Java as far as one looks at it without starting it."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.touch(mode=0o755)
    (home / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return home


@pytest.mark.parametrize(
    ("version", "is_used"), [("17.0.9", True), ("21", True), ("11.0.2", False), ("1.8.0_392", False)]
)
def test_an_installed_java_is_used_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, *, is_used: bool
) -> None:
    """JAVA_HOME comes first; an old one is passed over."""
    home = fake_java(tmp_path / "jdk", version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.setenv("PATH", "")

    assert (java_home(tmp_path / "cache") == home) == is_used


def test_the_packaged_java_starts_without_the_module_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both spellings of the option are left out, and every other argument arrives as it is."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    java = java_home(tmp_path / "with space") / "bin" / "java"
    vector = ["--add-modules=jdk.incubator.vector", "--add-modules", "jdk.incubator.vector"]
    others = ["--add-modules", "java.sql", "-Da=b c", "-XshowSettings:properties", "-version"]
    done = subprocess.run(["/bin/sh", java, *vector, *others], capture_output=True, text=True, check=False)

    assert (done.returncode, "    a = b c\n" in done.stderr) == (0, True)
