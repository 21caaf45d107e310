"""Carry queries to Stash, on the GraphQL transport of stashapp-tools.

Only the library's `GQLWrapper` is used. The constructor of its `StashInterface` sends three
requests, one of them for the schema of half a megabyte.
"""

import copy
import logging
from collections.abc import Callable, Mapping
from typing import Any

import requests
from stashapi.classes import GQLWrapper

from core.errors import StashNeed, StashQueryError, StashSchemaError, StashUnavailable
from core.version import VERSION
from stash import queries
from stash.answers import expect_shape, read_data
from stash.key_file import KeyFile
from stash.selection import (
    SCENE_TYPE,
    SceneSelection,
    missing_types,
    parse_selection,
    reduce_selection,
)
from stash.session import StashAddress, StashSession, silence_certificate_warnings
from stash.trees import NO_TREE_NEEDS, TreeCache, TreeNeeds

# The library logs the variables of a failed query, and those of `save_settings` hold the Plex
# token.
_SILENT_LOG = logging.Logger("stashapi", level=logging.CRITICAL + 1)

_NEEDS = {"NEEDS_MIGRATION": StashNeed.MIGRATION, "SETUP": StashNeed.SETUP}
_READY = "OK"


class StashTransport(GQLWrapper):
    """Send queries to one Stash, and determine what a failed one means."""

    s: StashSession

    def __init__(
        self,
        address: StashAddress,
        cookie: str,
        *,
        api_key: str = "",
        timeout_s: tuple[float, float] = (5.0, 30.0),
        on_request: Callable[[], object] = lambda: None,
        key_file: KeyFile | None = None,
    ) -> None:
        """Prepare the session; send nothing. See `StashSession` for the arguments."""
        super().__init__()
        library_headers = self.s.headers
        self.s = StashSession(cookie, api_key, timeout_s, on_request, key_file)
        self.s.headers.update(library_headers)
        self.base_url = address.base_url
        self.url = f"{self.base_url}/graphql"
        # PlexSync's queries carry their fragments.
        self.fragments: dict[str, str] = {}
        self.log = _SILENT_LOG
        self._wanted = queries.SCENE
        self.selection = SceneSelection()
        self.trees = TreeCache(self.graphql)
        silence_certificate_warnings(address)

    def want(self, selection: str, needs: TreeNeeds = NO_TREE_NEEDS) -> None:
        """Ask for this of each scene from now on, and keep the trees of these needs."""
        self.trees.want(needs)
        if selection != self._wanted:
            self._wanted = selection
            self.selection = SceneSelection(selection)

    @property
    def cookie(self) -> str:
        """Return the newest value of Stash's session cookie, "" for none."""
        return self.s.cookie

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.s.cookie = value

    @property
    def api_key(self) -> str:
        """Return the API key that is sent if Stash refuses the cookie, "" for none."""
        return self.s.api_key

    def keep_api_key(self, value: str) -> None:
        """Use this key from now on, and keep it for later runs; "" for none."""
        self.s.keep_api_key(value)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the `data` of one query; if Stash failed on it, ask whether it serves data at all.

        Raises:
            StashUnavailable: Stash is away or busy, waits for its user, or has ended the session.
            StashSchemaError: Stash's schema does not allow the query.
            StashQueryError: Stash serves data, but failed on this query.
        """
        try:
            return self.send(query, variables)
        except StashSchemaError as error:
            raise self.schema_error(str(error)) from error
        except StashQueryError:
            self.check_data()
            raise

    def send(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the `data` of one query or mutation, with one request.

        Raises:
            StashUnavailable, StashSchemaError: as for `graphql`.
            StashQueryError: Stash failed while it answered.
        """
        # The library converts the variables in place.
        data: dict[str, Any] = self.call_GQL(query, copy.deepcopy(dict(variables or {})))
        return data

    def _handle_GQL_response(self, response: requests.Response) -> dict[str, Any]:  # noqa: N802
        """Return the data of a response; replaces the library's, which raises a bare Exception."""
        return read_data(response)

    def check_ready(self) -> None:
        """Ask Stash whether it is ready, with one request.

        While Stash waits for a migration or its setup, every query for data ends in an internal
        error, but this one is answered.

        Raises:
            StashUnavailable: Stash waits for its user, or does not answer.
        """
        try:
            data = self.send(queries.SYSTEM_STATUS)
        except StashSchemaError:
            # A version without this query cannot say what it waits for.
            return
        except StashQueryError as error:
            raise StashUnavailable(f"Stash does not say whether it is ready: {error}") from error
        with expect_shape():
            status = str(data["systemStatus"]["status"])
        need = _NEEDS.get(status)
        if need is not None:
            raise StashUnavailable(f"Stash {need.value}", need=need)
        if status != _READY:
            raise StashUnavailable(f"Stash is not ready: its state is {status}")

    def check_data(self) -> None:
        """Ask Stash whether it is ready and can read a scene.

        The oldest or the newest scene is enough: one scene that Stash fails on says nothing about
        the others.

        Raises:
            StashUnavailable: Stash waits for its user, does not answer, or serves no scene.
        """
        self.check_ready()
        for direction in ("ASC", "DESC"):
            try:
                self.send(queries.one_scene(self.selection.text), {"direction": direction})
            except StashSchemaError:
                return
            except StashQueryError as error:
                reason = error
            else:
                return
        need = StashNeed.DATABASE
        raise StashUnavailable(f"Stash {need.value} ({reason})", need=need) from reason

    def read_version(self) -> str:
        """Return Stash's version, "" if Stash does not say it.

        Another version may know what the last one lacked: then nothing is left out any more.

        Raises:
            StashUnavailable: Stash is away.
        """
        try:
            data = self.send(queries.STASH_VERSION)
        except StashQueryError:
            return ""
        with expect_shape():
            version = str(data["version"]["version"] or "")
        if self.selection.version not in (None, version):
            self.selection = SceneSelection(self._wanted)
        return version

    def schema_error(self, text: str) -> StashSchemaError:
        """Return the error for a query that this version of Stash does not accept.

        Raises:
            StashUnavailable: Stash is away.
        """
        name = f"Stash {self.read_version()}".strip()
        return StashSchemaError(f"{name} does not accept a query of PlexSync {VERSION}: {text}")

    def reduce_selection(self, refusal: str) -> None:
        """Leave out of scene queries what Stash's schema lacks; read it once per version of Stash.

        Raises:
            StashUnavailable: Stash is away.
            StashSchemaError: nothing can be left out: a sync needs it, or it is not the reason.
        """
        version = self.read_version()
        if self.selection.version == version:
            raise self.schema_error(refusal)
        types = self._read_types()
        selection, missing = reduce_selection(self._wanted, types, version)
        if missing or not selection.left_out:
            self.selection = SceneSelection(self._wanted, version=version)
            raise self.schema_error(f"it lacks {', '.join(missing)}" if missing else refusal)
        self.selection = selection

    def _read_types(self) -> dict[str, dict[str, str]]:
        """Return the fields of the types that a scene query selects."""
        types: dict[str, dict[str, str]] = {}
        tree = parse_selection(self._wanted)
        while names := sorted(set(missing_types(tree, SCENE_TYPE, types))):
            data = self.send(queries.types_by_name(names))
            with expect_shape():
                for place, name in enumerate(names):
                    answer = data[f"t{place}"] or {"fields": []}
                    types[name] = {
                        field["name"]: _type_name(field["type"]) for field in answer["fields"]
                    }
        return types

    def is_up(self) -> bool:
        """Return True if Stash answers; needs no session."""
        return self.s.is_up(f"{self.base_url}/healthz")


def _type_name(reference: Mapping[str, Any]) -> str:
    """Return the name of a type below its list and non-null wrappers."""
    inner: Mapping[str, Any] | None = reference
    while inner is not None and not inner.get("name"):
        inner = inner.get("ofType")
    return str(inner["name"]) if inner is not None else ""
