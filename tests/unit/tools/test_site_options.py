"""The site's options are those that its tools know: a misspelt one changes nothing and warns not."""

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from mkdocstrings_handlers.python import (
    PythonInputConfig,
    PythonInputOptions,
    SummaryOption,
)

from tools.site_hooks import reference_pages

ROOT = Path(__file__).resolve().parents[3]
_PAGE_OPTIONS = re.compile(r"^    options:\n((?:      \S.*\n)+)", re.MULTILINE)


class _Loader(yaml.SafeLoader):
    """A loader for which the name of a Python object is a text."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)


def names(options_type: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(options_type)}


def unknown(given: Iterable[str], options_type: Any) -> list[str]:
    return sorted(set(given) - names(options_type))


def handler() -> dict[str, Any]:
    """Return the settings of the reference's handler in mkdocs.yml."""
    site = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), _Loader)
    (plugin,) = (
        entry["mkdocstrings"]
        for entry in site["plugins"]
        if isinstance(entry, dict) and "mkdocstrings" in entry
    )
    assert set(plugin) <= {"handlers", "default_handler", "enable_inventory", "custom_templates"}
    assert set(plugin["handlers"]) == {"python"}
    python: dict[str, Any] = plugin["handlers"]["python"]
    return python


def page_options() -> list[dict[str, Any]]:
    """Return the options that generated pages give to single modules."""
    text = "".join(reference_pages(ROOT).values())
    return [yaml.safe_load(match) for match in _PAGE_OPTIONS.findall(text)]


def test_no_option_of_the_handler_is_misspelt() -> None:
    settings = handler()

    assert unknown(settings, PythonInputConfig) == []
    assert unknown(settings["options"], PythonInputOptions) == []
    summary = settings["options"].get("summary", {})
    assert isinstance(summary, bool) or unknown(summary, SummaryOption) == []


def test_no_option_of_a_generated_page_is_misspelt() -> None:
    pages = page_options()

    assert pages
    assert [unknown(options, PythonInputOptions) for options in pages] == [[] for _ in pages]


@pytest.mark.parametrize("option", ["show_sources", "docstring-style", "member_order"])
def test_a_misspelt_option_is_found(option: str) -> None:
    assert unknown([option, "show_source"], PythonInputOptions) == [option]


def test_the_reference_has_public_names_only() -> None:
    modules = re.findall(r"^::: (\S+)$", "".join(reference_pages(ROOT).values()), re.MULTILINE)

    assert modules
    assert "!^_" in handler()["options"]["filters"]
    assert [name for name in modules if "._" in name or name.startswith("_")] == []
    assert [options for options in page_options() if "filters" in options] == []


def test_a_warning_ends_the_build() -> None:
    """`--quiet` silences the warnings, and `--strict` counts only those that are written."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (command,) = re.findall(r"mkdocs build(.*)", makefile)

    assert command.split() == ["--strict"]
