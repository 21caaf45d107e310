"""Remember which of the stored settings are PlexSync's defaults, not the user's choice.

Stash's page saves every setting that it shows, so a stored default looks like a choice. A later
version with another default must be able to tell them apart. A value that was once seen different,
or missing, is the user's from then on. What versions up to 1.1.0 stored is not on record, so it
counts as the user's, too.
"""

import json
from collections.abc import Mapping, Sequence

from sync_queue.meta import MetaStore
from validation.setting import Setting
from validation.settings import SETTINGS

# Key of the meta row: a JSON object with the values that PlexSync stored, by key of the setting.
STORED_DEFAULTS = "stored_defaults"

KnownValues = Mapping[str, Sequence[object]]
"""Per key the values that PlexSync stored: a second one while a change of the default is saved."""


class StoredDefaults:
    """The stored defaults that are still as PlexSync stored them."""

    def __init__(self, facts: MetaStore) -> None:
        self._facts = facts

    def values(self) -> dict[str, list[object]]:
        """Return the values by key; {} if the row is missing or damaged."""
        try:
            document = json.loads(self._facts.get(STORED_DEFAULTS) or "{}")
        except ValueError:
            return {}
        if not isinstance(document, dict):
            return {}
        return {key: values for key, values in document.items() if isinstance(values, list)}

    def remember(self, stored: Mapping[str, object]) -> None:
        """Record defaults that Stash has stored."""
        if stored:
            self._save({**self.values(), **{key: [value] for key, value in stored.items()}})

    def expect(self, changes: Mapping[str, object]) -> None:
        """Record, before Stash is asked, that stored defaults are about to become these.

        A worker killed meanwhile does not know which of the two values Stash holds.
        """
        known = self.values()
        if changes:
            self._save({**known, **{key: [*known[key], value] for key, value in changes.items()}})

    def forget_changed(self, raw: Mapping[str, object]) -> None:
        """Forget each default that `raw`, the settings in Stash, no longer has; an empty map says
        nothing.
        """
        known = self.values()
        unchanged = unchanged_defaults(known, raw)
        if raw and unchanged != known:
            self._save(unchanged)

    def _save(self, values: KnownValues) -> None:
        self._facts.set(STORED_DEFAULTS, json.dumps(values))


def unchanged_defaults(
    known: Mapping[str, list[object]], raw: Mapping[str, object]
) -> dict[str, list[object]]:
    """Return the known defaults that the settings in Stash still have."""
    return {
        key: values
        for key, values in known.items()
        if key in raw and any(is_same(raw[key], value) for value in values)
    }


def outdated_defaults(
    known: KnownValues, raw: Mapping[str, object], settings: Sequence[Setting] = SETTINGS
) -> dict[str, object]:
    """Return the new default of each setting that still has an earlier one.

    Examples:
        >>> outdated_defaults({"c_max_tags": [7]}, {"c_max_tags": 7}).keys()
        dict_keys(['c_max_tags'])
        >>> outdated_defaults({"c_max_tags": [7]}, {"c_max_tags": 8})
        {}
    """
    return {
        setting.key: setting.default
        for setting in settings
        if any(is_same(raw.get(setting.key), value) for value in known.get(setting.key, ()))
        and not is_same(raw[setting.key], setting.default)
    }


def is_same(one: object, other: object) -> bool:
    """Return True if both are the same stored value; on and 1 are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
