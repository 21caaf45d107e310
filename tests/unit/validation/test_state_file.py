"""One JSON document: loaded, saved, and replaced by its default when it is corrupt."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, TypeAdapter

from tests.harness.clocks import FakeClock
from validation.state_file import StateFile


@dataclass(frozen=True)
class Document:
    count: Annotated[int, Field(ge=0)] = 0
    reason: Annotated[str, Field(alias="why")] = ""


@pytest.fixture
def file(tmp_path: Path) -> StateFile[Document]:
    return state_file(tmp_path)


def state_file(folder: Path) -> StateFile[Document]:
    schema = TypeAdapter(Document)
    path = folder / "state.json"
    return StateFile(path, schema, Document, FakeClock(), lambda value: value.count < 100)


def test_without_a_file_the_default_is_loaded(file: StateFile[Document]) -> None:
    assert (file.load(), file.warning) == (Document(), "")


def test_a_saved_document_is_loaded_again(file: StateFile[Document]) -> None:
    assert file.save(Document(3, "x")) == ""

    assert (file.load(), file.warning) == (Document(3, "x"), "")


def test_stored_keys_are_the_aliases(tmp_path: Path, file: StateFile[Document]) -> None:
    file.save(Document(3, "x"))

    assert json.loads((tmp_path / "state.json").read_text("utf-8")) == {"count": 3, "why": "x"}


@pytest.mark.parametrize("content", ["", "[", "[]", '{"count": -1}', '{"count": 100}', "\udcff"])
def test_a_corrupt_document_is_quarantined(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    file = state_file(tmp_path)

    assert file.load() == Document()
    assert file.warning == "state.json is corrupt; it was renamed to state.json.corrupt and reset."
    assert not path.exists()
    assert (file.load(), file.warning) == (Document(), "")


def test_half_a_character_is_saved_as_a_replacement(file: StateFile[Document]) -> None:
    file.save(Document(1, "a\udc80b"))

    assert file.load() == Document(1, "a?b")


def test_a_failed_save_returns_its_reason(tmp_path: Path) -> None:
    file = state_file(tmp_path / "missing")

    assert "No such file or directory" in file.save(Document(1))
