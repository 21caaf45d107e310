"""Binds the schema to the emulated server and executes requests, with Stash's status codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.emulators.stash_mutation_fields import mutation_fields
from tests.emulators.stash_object_fields import object_fields
from tests.emulators.stash_query_fields import query_fields
from tests.emulators.stash_request import RequestContext
from tests.emulators.stash_sdl import SDL


@dataclass(frozen=True)
class GraphqlRequest:
    """A parsed request; `kind` and `names` say what it wants, for counting and for faults."""

    document: DocumentNode | None
    errors: list[GraphQLError]
    variables: Mapping[str, Any]
    operation_name: str | None
    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class GraphqlAnswer:
    status: int
    body: dict[str, Any]
    errors: tuple[str, ...] = ()


class GraphqlEngine:
    def __init__(self) -> None:
        self.schema = _schema()

    def read(self, body: Mapping[str, Any]) -> GraphqlRequest:
        variables = body.get("variables") or {}
        name = body.get("operationName") or None
        try:
            document = parse(str(body.get("query") or ""))
        except GraphQLError as error:
            return GraphqlRequest(None, [error], variables, name, "invalid", ())
        errors = validate(self.schema, document)
        kind, names = _described(document, name)
        return GraphqlRequest(document, errors, variables, name, kind, names)

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


def _schema() -> GraphQLSchema:
    schema = build_schema(SDL)
    fields = {**object_fields(), "Query": query_fields(), "Mutation": mutation_fields()}
    for type_name, resolvers in fields.items():
        made = schema.type_map[type_name]
        assert isinstance(made, GraphQLObjectType)
        for name, resolver in resolvers.items():
            made.fields[name].resolve = resolver
    return schema


def _described(document: DocumentNode, name: str | None) -> tuple[str, tuple[str, ...]]:
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        if name is None or (node.name is not None and node.name.value == name):
            fields = [each for each in node.selection_set.selections if isinstance(each, FieldNode)]
            return node.operation.value, tuple(each.name.value for each in fields)
    return "invalid", ()


def _refused(errors: list[GraphQLError]) -> GraphqlAnswer:
    listed = [
        {**each.formatted, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}} for each in errors
    ]
    return GraphqlAnswer(
        422, {"errors": listed, "data": None}, tuple(each.message for each in errors)
    )


def _answered(result: ExecutionResult) -> GraphqlAnswer:
    if not result.errors:
        return GraphqlAnswer(200, {"data": result.data})
    listed = [{"message": each.message, "path": each.path} for each in result.errors]
    return GraphqlAnswer(
        200, {"errors": listed, "data": result.data}, tuple(each.message for each in result.errors)
    )
