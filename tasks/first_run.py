"""Remember which steps of a first run are done; a step counts as done from then on."""

from sync_queue import statements as sql
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore

# The names are stored, so they never change.
CONNECTED, LIBRARIES, PATHS, DRY_RUN = "connected", "libraries", "paths", "dry_run"
STEPS = (CONNECTED, LIBRARIES, PATHS, DRY_RUN)
KEY = "first_run"


def done_steps(facts: MetaStore) -> frozenset[str]:
    """Return the steps that are done; all of `STEPS` after the first run."""
    return frozenset(facts.get(KEY).split())


def mark_done(store: JobStore, *steps: str) -> frozenset[str]:
    """Note that these steps are done; return all that are."""
    facts = MetaStore(store)
    with store.transaction() as connection:
        done = done_steps(facts).union(steps)
        connection.execute(sql.SET_META, {"key": KEY, "value": " ".join(sorted(done))})
    return done
