"""Builds the documentation site from the pages in ``compiler/docs``: ``make docs``.

The pages are Markdown as GitHub shows it. They are copied to a temporary folder in the form that the site generator
understands, with its settings, and the generator runs there. What it warns of, such as a broken link, is an error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCS = ROOT / "compiler" / "docs"
OUTPUT = ROOT / "build" / "site"
FROM_OUTSIDE = {"architecture.md": ROOT / "compiler" / "ARCHITECTURE.md", "contributing.md": ROOT / "CONTRIBUTING.md"}
"""Pages of the site that are not in the folder of the documentation."""

_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_PICTURE = re.compile(r'<picture>\s*<source [^>]*srcset="([^"]+)">\s*<img src="([^"]+)" alt="([^"]*)">\s*</picture>')
_ROW = re.compile(r"^\| \[([^\]]+)\]\(([^)]+)\) \|", re.MULTILINE)
_CODE_ROW = re.compile(r"^\| \[(CBX\d+)\]\(codes/(\S+\.md)\) \| (.+) \|$", re.MULTILINE)
_SENTENCE = re.compile(r"(?:`[^`]*`|\([^)]*\)|[^`.])*(?:\.|$)")
_REMARK = re.compile(r"This is a (?:remark, not an error\. |warning: )")
_INLINE_CODE = re.compile(r"`[^`\n]*`")
_TABLE_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LANGUAGES = {"diagnostics": "text", "mermaid": "text"}


class Page(NamedTuple):
    """A page of the site.

    Attributes:
        path: Its path in the site.
        source: The file that it is made from.
        text: Its Markdown.
    """

    path: str
    source: Path
    text: str


def build_site(into: Path) -> None:
    """Build the site into a folder, which is replaced.

    Raises:
        RuntimeError: The generator reported a problem; its output is the message.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        stage_pages(folder / "pages")
        settings = {"docs_dir": "pages", "site_dir": "site", "nav": read_navigation()}
        text = (HERE / "mkdocs.yml").read_text(encoding="utf-8") + write_settings(settings)
        (folder / "mkdocs.yml").write_text(text, encoding="utf-8")
        run_generator(folder)
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(folder / "site", into)


def run_generator(folder: Path) -> None:
    """Run the site generator in a folder that has its settings."""
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(_COLOUR.sub("", done.stdout + done.stderr).partition("Traceback")[0])


def write_settings(settings: Mapping[str, object]) -> str:
    """Settings as lines of YAML, whose values may be JSON."""
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())


def stage_pages(folder: Path) -> None:
    """Write the pages, pictures and styles in the form that the generator understands."""
    pages = list(read_pages())
    others = [path for path in DOCS.rglob("*") if path.is_file() and path.suffix != ".md"]
    places = {page.source.resolve(): page.path for page in pages}
    places |= {path: path.relative_to(DOCS).as_posix() for path in others}
    for page in pages:
        (folder / page.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / page.path).write_text(convert_page(page, places), encoding="utf-8")
    for path in others:
        (folder / places[path]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / places[path])
    shutil.copytree(HERE / "assets", folder, dirs_exist_ok=True)


def read_pages() -> Iterator[Page]:
    """The pages; the index without its list of diagnostics, which is a page of its own."""
    index = DOCS / "README.md"
    text, _, codes = index.read_text(encoding="utf-8").partition("\n## Diagnostics\n")
    yield Page("index.md", index, text)
    yield Page("codes/index.md", DOCS / "codes" / "README.md", list_codes(codes))
    for source in sorted(DOCS.rglob("*.md")):
        if source != index:
            yield Page(source.relative_to(DOCS).as_posix(), source, source.read_text(encoding="utf-8"))
    for path, source in FROM_OUTSIDE.items():
        yield Page(path, source, source.read_text(encoding="utf-8"))


def list_codes(section: str) -> str:
    """The page of all diagnostics: the table of the index, with the first sentence of each code's page."""
    table = section.replace("| code | name |\n|---|---|", "| code | name | what it means |\n|---|---|---|")
    table = _CODE_ROW.sub(lambda row: f"| [{row[1]}]({row[2]}) | {row[3]} | {summarize_code(row[2])} |", table)
    return f"# Diagnostics\n{table}"


def summarize_code(name: str) -> str:
    """The first sentence that says what a code means."""
    page = (DOCS / "codes" / name).read_text(encoding="utf-8")
    paragraph = " ".join(page.partition("## What it means\n\n")[2].partition("\n\n")[0].split())
    text = _REMARK.sub("", paragraph, count=1)
    sentence = _SENTENCE.match(text if text == paragraph else text[:1].upper() + text[1:])
    return sentence[0].rstrip(".:").replace("|", "\\|") + "." if sentence else text


def convert_page(page: Page, places: Mapping[Path, str]) -> str:
    """A page for the generator: titles of code blocks, pictures for light and dark, links that stay in the site.

    Args:
        page: The page.
        places: The paths in the site of all files that have one.
    """
    parts, end = [], 0
    for fence in _FENCE.finditer(page.text):
        parts += [convert_prose(page, page.text[end : fence.start()], places), convert_block(fence)]
        end = fence.end()
    return "".join([*parts, convert_prose(page, page.text[end:], places)])


def convert_block(fence: re.Match[str]) -> str:
    """A code block with the path of its file as its title.

    Example:
        ```` ```sql models/a/b.sql ```` becomes ```` ```sql+jinja title="models/a/b.sql" ````.
    """
    language, _, path = fence["info"].strip().partition(" ")
    language = _LANGUAGES.get(language, language)
    if language == "sql" and "{{" in fence["body"]:
        language = "sql+jinja"
    title = f' title="{path}"' if "." in path else ""
    return f"{fence['fence']}{language}{title}\n{fence['body']}{fence['fence']}"


def convert_prose(page: Page, text: str, places: Mapping[Path, str]) -> str:
    """Text between code blocks: anchors of GitHub, pictures for both modes, bars in tables, links of the site."""
    text = _PICTURE.sub(r"![\3](\2#only-light)\n![\3](\1#only-dark)", text)
    text = _HEADING.sub(lambda heading: f"{heading[0]} {{ #{anchor_of(heading[2])} }}", text)
    text = _TABLE_ROW.sub(lambda row: _INLINE_CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), text)
    return _LINK.sub(lambda link: convert_link(page, link, places), text)


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives a heading.

    Example:
        ``The `[environments.<name>]` section`` has ``the-environmentsname-section``.
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def convert_link(page: Page, link: re.Match[str], places: Mapping[Path, str]) -> str:
    """A link, or its text alone if it leads to a file of the repository that the site does not have."""
    label, target, fragment = link[1], link[2], link[3] or ""
    if "://" in target or target.startswith("mailto:"):
        return link[0]
    file = (page.source.parent / target).resolve()
    if file == DOCS / "README.md" and fragment == "#diagnostics":
        file, fragment = DOCS / "codes" / "README.md", ""
    if file not in places:
        return label if file.exists() else link[0]
    return f"[{label}]({'../' * page.path.count('/')}{places[file]}{fragment})"


def read_navigation() -> list[dict[str, object]]:
    """The pages in the order of the index, by its headings; diagnostics are part of the reference."""
    sections = dict(read_index())
    codes = [{read_title(path).replace(":", "", 1): path} for _, path in sections.pop("Diagnostics")]
    navigation: list[dict[str, object]] = [{"Home": "index.md"}]
    outside = {os.path.relpath(source, DOCS): path for path, source in FROM_OUTSIDE.items()}
    for heading, pages in sections.items():
        entries: list[dict[str, object]] = [{title.replace("`", ""): outside.get(path, path)} for title, path in pages]
        if heading == "Reference":
            entries.append({"Diagnostics": ["codes/index.md", *codes]})
        navigation.append({heading: entries})
    return navigation


def read_index() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each heading of the index, with the titles and paths of its pages."""
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        yield heading, _ROW.findall(body)


def read_title(path: str) -> str:
    """The title of a page."""
    return (DOCS / path).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def main() -> None:
    """Build the site from the command line."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--into", type=Path, default=OUTPUT, help="the folder of the site, which is replaced")
    folder = parser.parse_args().into
    if find_spec("zensical") is None:
        sys.exit("zensical is not installed: pip install 'circuit-box[docs]', with Python 3.11 or newer")
    try:
        build_site(folder)
    except RuntimeError as error:
        sys.exit(f"{error}\nThe site was not built.")
    print(f"Built {sum(1 for _ in folder.rglob('*.html'))} pages: {folder / 'index.html'}")


if __name__ == "__main__":
    main()
