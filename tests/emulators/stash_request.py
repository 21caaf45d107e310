"""What a resolver knows about the request it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_mutations import SceneMutations
from tests.emulators.stash_named import NamedMutations
from tests.emulators.stash_runner import Caller

_Info = GraphQLResolveInfo
Resolver = Callable[..., Any]


@dataclass(frozen=True)
class RequestContext:
    core: StashCore
    scenes: SceneMutations
    named: NamedMutations
    caller: Caller
    base_url: str


def context_of(info: _Info) -> RequestContext:
    context = info.context
    assert isinstance(context, RequestContext)
    return context
