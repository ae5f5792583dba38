"""Pages: one self-contained HTML file each, or Markdown, from Jinja2 templates.

Everything a page needs stands inside it: styles, script, data. Nothing is fetched, and a content
security policy says so to the browser. Text is escaped by the template engine; data for the script
is JSON in which nothing can end the element it stands in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from seq2seq import __version__
from seq2seq.errors import ResourceError, UsageError
from seq2seq.files import replace_file

HTML, MARKDOWN = ".html", ".md"


def check_page(path: Path) -> None:
    """Raise an error for a page that cannot be written: another ending, or no such folder."""
    if path.suffix not in (HTML, MARKDOWN):
        raise UsageError(f"{path}: a page is one of {HTML}, {MARKDOWN}", "name it so")
    if not path.parent.is_dir():
        raise ResourceError(f"there is no folder {path.parent}", "make it first")


def render(template: str, **values: Any) -> str:
    """Return a template filled in; names ending in .html escape what they are given."""
    environment = Environment(
        loader=PackageLoader("seq2seq.report"),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["script_data"] = script_data
    environment.filters["cell"] = markdown_cell
    return environment.get_template(template).render(version=__version__, **values)


def script_data(value: Any) -> Markup:
    """Return JSON that can stand in a script element: no "<", and no line that ends a string."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    escapes = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028"}
    for character, escape in {**escapes, "\u2029": "\\u2029"}.items():
        text = text.replace(character, escape)
    return Markup(text)


def markdown_cell(text: Any) -> str:
    """Return text that can stand in a cell of a Markdown table, as it is."""
    shown = " ".join(str(text).split())
    return shown.translate({ord(character): f"&#{ord(character)};" for character in "\\|<>&*_`[]"})


def save(text: str, path: Path) -> None:
    """Write a page at once, or not at all.

    Raises:
        ResourceError: it cannot be written.
    """
    replace_file(path, text.encode("utf-8", "replace"))
