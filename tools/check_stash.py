"""Compare every query PlexSync sends with the schema of a Stash: a running one, or a file.

`python -m tools.check_stash SOURCE` prints what does not fit and exits 1; SOURCE is Stash's address
(`http://localhost:9999`), a file with the schema's text or an introspection's answer, or a folder
with `.graphql` files. Where Stash asks for a login, the environment's STASH_API_KEY is sent.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    FieldsOnCorrectTypeRule,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    KnownArgumentNamesRule,
    Node,
    ObjectFieldNode,
    ValidationContext,
    ValidationRule,
    build_client_schema,
    build_schema,
    get_introspection_query,
    get_named_type,
    is_input_object_type,
    parse,
    specified_rules,
    validate,
)

from stash import queries
from stash.versions import version_advice
from tools.stash_documents import page_documents, worker_documents
from tools.stash_needs import member_name, since_text

TIMEOUT_S = 30.0


class Unreadable(Exception):
    """Raised where the source yields no schema; the message says why."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a schema does not accept: the document's name, the missing member or "", and why."""

    document: str
    member: str
    text: str


@dataclass(frozen=True, slots=True)
class StashSchema:
    """A schema, and the version of the Stash it comes from; None where the source has none."""

    schema: GraphQLSchema
    version: str | None = None


class MissingMembers(ValidationRule):
    """Report fields, arguments and members of inputs that the schema lacks, by name."""

    context: ValidationContext

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Report a field that its type lacks, or the arguments that the field lacks."""
        parent, field = self.context.get_parent_type(), self.context.get_field_def()
        if parent is None:
            return
        if field is None:
            self._report(node, member_name(parent.name, node.name.value))
            return
        for argument in node.arguments or ():
            if argument.name.value not in field.args:
                member = member_name(parent.name, node.name.value, argument.name.value)
                self._report(argument, member)

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        """Report a member of an input that is written in the document."""
        owner = get_named_type(self.context.get_parent_input_type())
        if is_input_object_type(owner) and node.name.value not in owner.fields:
            self._report(node, member_name(owner.name, node.name.value))

    def _report(self, node: Node, member: str) -> None:
        self.report_error(GraphQLError(member, node))


# The rules that would report the same in other words.
_OTHER_RULES = [
    rule
    for rule in specified_rules
    if rule not in (FieldsOnCorrectTypeRule, KnownArgumentNamesRule)
]


def check(schema: GraphQLSchema, documents: Mapping[str, str]) -> list[Misfit]:
    """Return what of the documents the schema does not accept; [] where everything fits."""
    return [misfit for name, text in documents.items() for misfit in _check_one(schema, name, text)]


def _check_one(schema: GraphQLSchema, name: str, text: str) -> Iterator[Misfit]:
    try:
        document = parse(text)
    except GraphQLSyntaxError as broken:
        yield Misfit(name, "", broken.message)
        return
    missing = validate(schema, document, [MissingMembers])
    for error in missing:
        yield Misfit(name, error.message, since_text(error.message))
    reported = {id(node) for error in missing for node in error.nodes or ()}
    for error in validate(schema, document, _OTHER_RULES):
        if not reported.intersection(id(node) for node in error.nodes or ()):
            yield Misfit(name, "", error.message)


def report(misfits: list[Misfit], version: str | None) -> list[str]:
    """Return the lines for the user: each missing member once, with the documents that need it."""
    users: dict[tuple[str, str], list[str]] = {}
    for misfit in misfits:
        users.setdefault((misfit.member, misfit.text), []).append(misfit.document)
    lines = [version_advice(version)] if version is not None else []
    for (member, text), names in users.items():
        found = f"{member} is missing ({text})" if member else text.rstrip(".")
        lines.append(f"{found}; needed by {', '.join(dict.fromkeys(names))}.")
    return [line for line in lines if line]


def read_schema(source: str) -> StashSchema:
    """Return the schema of an address, a file or a folder.

    Raises:
        Unreadable: nothing answers there, or it is no schema.
    """
    if source.startswith(("http://", "https://")):
        return _ask(source.rstrip("/"))
    path = Path(source)
    try:
        if path.is_dir():
            parts = [part.read_text(encoding="utf-8") for part in sorted(path.rglob("*.graphql"))]
            return StashSchema(_from_text("\n".join(parts)))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"{source} cannot be read: {error.strerror}") from error
    if not text.lstrip().startswith("{"):
        return StashSchema(_from_text(text))
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise Unreadable(f"{source} is no JSON: {error}") from error
    return StashSchema(_from_answer(answer.get("data", answer)))


def _ask(base_url: str) -> StashSchema:
    schema = _from_answer(_send(base_url, get_introspection_query(descriptions=False)))
    answer = _send(base_url, queries.STASH_VERSION)
    try:
        version = str(answer["version"]["version"] or "")
    except (KeyError, TypeError):
        version = ""
    return StashSchema(schema, version)


def _send(base_url: str, query: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key := os.environ.get("STASH_API_KEY"):
        headers["ApiKey"] = key
    request = urllib.request.Request(  # noqa: S310  # read_schema allows http and https only
        f"{base_url}/graphql", json.dumps({"query": query}).encode(), headers
    )
    # A proxy of the machine must not see Stash's key.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        error.close()
        hint = " Set STASH_API_KEY to an API key of Stash." if error.code == 401 else ""
        raise Unreadable(f"{base_url} answers {error.code}.{hint}") from error
    except (OSError, ValueError) as error:
        raise Unreadable(f"{base_url} gives no answer: {error}") from error
    if not isinstance(answer, dict):
        raise Unreadable(f"{base_url} does not answer as Stash does")
    return answer.get("data") or {}


def _from_text(text: str) -> GraphQLSchema:
    # Stash's own files use directives of its code generator.
    try:
        return build_schema(text, assume_valid_sdl=True)
    except (GraphQLError, TypeError) as error:
        raise Unreadable(f"This is no GraphQL schema: {error}") from error


def _from_answer(answer: Any) -> GraphQLSchema:
    try:
        return build_client_schema(answer)
    except (GraphQLError, TypeError, KeyError) as error:
        raise Unreadable(f"This is no answer to an introspection: {error}") from error


def main(arguments: list[str]) -> int:
    """Compare all documents with the schema of the named source; return 0 if everything fits."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_stash", description=__doc__)
    parser.add_argument("source", help="Stash's address, a schema's file, or a folder of files")
    source = parser.parse_args(arguments).source
    try:
        found = read_schema(source)
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    documents = {**worker_documents(), **page_documents()}
    misfits = check(found.schema, documents)
    name = f"Stash {found.version}" if found.version else source
    for line in report(misfits, found.version):
        print(line)
    if misfits:
        return 1
    print(f"{name} accepts all {len(documents)} documents of PlexSync.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
