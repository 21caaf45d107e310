"""Binds the schema to the emulated server and executes requests, with Stash's status codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_ast_schema,
    execute_sync,
    parse,
    validate,
)
from graphql.validation.validate import assert_valid_sdl

from tests.emulators.stash_mutation_fields import mutation_fields
from tests.emulators.stash_object_fields import object_fields
from tests.emulators.stash_query_fields import query_fields
from tests.emulators.stash_request import RequestContext, Resolver, context_of
from tests.emulators.stash_runner import StashError
from tests.emulators.stash_sdl import SDL


@dataclass(frozen=True)
class GraphqlRequest:
    """A parsed request; `kind`, `names` and `title` say what it wants, for counting and for faults.

    `title` is the name of the operation, e.g. `PlexSyncBatch`.
    """

    document: DocumentNode | None
    errors: list[GraphQLError]
    variables: Mapping[str, Any]
    operation_name: str | None
    kind: str
    names: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True)
class GraphqlAnswer:
    status: int
    body: dict[str, Any]
    errors: tuple[str, ...] = ()


PANIC = "runtime error: invalid memory address or nil pointer dereference"
# What works although there is no database.
_WITHOUT_DATABASE = frozenset(
    {
        *("configuration", "systemStatus", "version", "plugins", "pluginTasks", "jobQueue"),
        *("findJob", "logs", "configurePlugin", "runPluginTask", "runPluginOperation"),
        *("stopJob", "stopAllJobs", "setPluginsEnabled", "reloadPlugins"),
    }
)


class GraphqlEngine:
    def __init__(self) -> None:
        self.schema = _shared_schema()
        self._own_errors: dict[str, list[GraphQLError]] = {}

    def without_field(self, type_name: str, field: str, *, renamed_to: str = "") -> None:
        """Remove a field from the schema, or give it another name, as another version of Stash.

        `type_name` may be an input type.
        """
        if self.schema is _shared_schema():
            self.schema = _schema()
        fields = self._fields(type_name)
        removed = fields.pop(field)
        if renamed_to:
            fields[renamed_to] = removed
        self._own_errors.clear()

    def restore_schema(self) -> None:
        """Return to the schema of the supported versions."""
        self.schema = _shared_schema()

    def _fields(self, type_name: str) -> dict[str, Any]:
        made = self.schema.type_map[type_name]
        assert isinstance(made, (GraphQLObjectType, GraphQLInputObjectType))
        fields: dict[str, Any] = made.fields
        return fields

    def read(self, body: Mapping[str, Any]) -> GraphqlRequest:
        variables = body.get("variables") or {}
        name = body.get("operationName") or None
        query = str(body.get("query") or "")
        try:
            document = _parsed(query)
        except GraphQLError as error:
            return GraphqlRequest(None, [error], variables, name, "invalid", ())
        errors = self._errors_in(query, document)
        kind, names, title = _described(document, name)
        return GraphqlRequest(document, errors, variables, name, kind, names, title)

    def _errors_in(self, query: str, document: DocumentNode) -> list[GraphQLError]:
        if self.schema is _shared_schema():
            return _errors_in(query)
        if query not in self._own_errors:
            self._own_errors[query] = validate(self.schema, document)
        return self._own_errors[query]

    def execute(self, request: GraphqlRequest, context: RequestContext) -> GraphqlAnswer:
        if request.document is None or request.errors:
            return _refused(request.errors)
        result = execute_sync(
            self.schema,
            request.document,
            context_value=context,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
        )
        if (
            result.data is None
            and result.errors
            and all(each.path is None for each in result.errors)
        ):
            return _refused(result.errors)
        return _answered(result)


# PlexSync sends a few queries again and again, and every test has emulators of its own.
@lru_cache(maxsize=256)
def _parsed(query: str) -> DocumentNode:
    return parse(query)


@lru_cache(maxsize=256)
def _errors_in(query: str) -> list[GraphQLError]:
    return validate(_shared_schema(), _parsed(query))


@cache
def _shared_schema() -> GraphQLSchema:
    return _schema()


# A schema that lacks a field is built from the same document, which is checked the first time.
@cache
def _checked_document() -> DocumentNode:
    document = parse(SDL)
    assert_valid_sdl(document)
    return document


def _schema() -> GraphQLSchema:
    schema = build_ast_schema(_checked_document(), assume_valid_sdl=True)
    fields = {**object_fields(), "Query": query_fields(), "Mutation": mutation_fields()}
    for type_name, resolvers in fields.items():
        made = schema.type_map[type_name]
        assert isinstance(made, GraphQLObjectType)
        for name, resolver in resolvers.items():
            is_root = type_name in ("Query", "Mutation") and name not in _WITHOUT_DATABASE
            made.fields[name].resolve = _with_database(resolver) if is_root else resolver
    return schema


def _with_database(resolver: Resolver) -> Resolver:
    """Answer as Stash does while it waits for a migration or its setup: with a caught panic."""

    def resolve(root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if context_of(info).core.system_status != "OK":
            raise StashError(f"Internal system error. Error <{PANIC}>")
        return resolver(root, info, **arguments)

    return resolve


def _described(document: DocumentNode, name: str | None) -> tuple[str, tuple[str, ...], str]:
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        if name is None or (node.name is not None and node.name.value == name):
            fields = [each for each in node.selection_set.selections if isinstance(each, FieldNode)]
            title = node.name.value if node.name else ""
            return node.operation.value, tuple(each.name.value for each in fields), title
    return "invalid", (), ""


def _refused(errors: list[GraphQLError]) -> GraphqlAnswer:
    listed = [{**each.formatted, "extensions": {"code": _code(each)}} for each in errors]
    return GraphqlAnswer(
        422, {"errors": listed, "data": None}, tuple(each.message for each in errors)
    )


def _code(error: GraphQLError) -> str:
    is_syntax = isinstance(error, GraphQLSyntaxError)
    return "GRAPHQL_PARSE_FAILED" if is_syntax else "GRAPHQL_VALIDATION_FAILED"


def _answered(result: ExecutionResult) -> GraphqlAnswer:
    if not result.errors:
        return GraphqlAnswer(200, {"data": result.data})
    listed = [{"message": each.message, "path": each.path} for each in result.errors]
    return GraphqlAnswer(
        200, {"errors": listed, "data": result.data}, tuple(each.message for each in result.errors)
    )
