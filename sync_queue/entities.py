"""The index scene -> entities, and what scenes show of each entity.

It is written before Plex is: a row names at least what the scene's items may show, so that whatever
ends later finds its scenes. Only what a fan-out has carried to every scene changes the name that is
known.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import chain

from core.entity import Entity, add_details
from sync_queue import record_statements as record_sql
from sync_queue.database import read_among
from sync_queue.store import JobStore

Shows = Mapping[int, Collection[Entity]]
"""What each scene shows, by its id."""


class EntityIndex:
    """Both tables in the queue's database. Only the worker that holds the lease writes them."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._before_write: dict[int, frozenset[str]] = {}

    # -- scenes ---------------------------------------------------------------------------------

    def of_scene(self, scene_id: int) -> frozenset[str]:
        """Return the subjects that the scene's items may show; empty if nothing is known."""
        return self._of_scenes([scene_id])[scene_id]

    def _of_scenes(self, scene_ids: Collection[int]) -> dict[int, frozenset[str]]:
        """Return `of_scene` for each of these scenes."""
        rows = dict(read_among(self._store.connection, record_sql.SCENE_ENTITIES, list(scene_ids)))
        return {scene_id: frozenset(rows.get(scene_id, "").split()) for scene_id in scene_ids}

    def scenes_showing(self, subject: str, after: int, limit: int) -> list[int]:
        """Return the next scenes by id whose items may show the entity; [] at the end."""
        query = {"after": after, "pattern": f"% {subject} %", "limit": limit}
        return [
            row[0]
            for row in self._store.connection.execute(record_sql.SCENES_SHOWING, query).fetchall()
        ]

    def record_before_write(self, shows: Shows) -> list[str]:
        """Add to the rows what the scenes are about to show, before Plex is written.

        Return the entities known by another name, in another place or with other details than these
        scenes show, usually []. Scenes then show both, so neither counts as known: the entity's job
        carries its final state to all of them.
        """
        known_of = self._of_scenes(shows)
        recorded = {
            scene_id: known | {entity.subject for entity in shows[scene_id]}
            for scene_id, known in known_of.items()
        }
        wider = {key: both for key, both in recorded.items() if both != known_of[key]}
        # A studio that is one scene's own and another's parent counts as the own, which tells more.
        every = chain.from_iterable(shows.values())
        seen = {
            entity.subject: entity
            for entity in sorted(every, key=lambda entity: entity.parent is not None)
        }
        known_as = self._known_among(seen)
        news = [
            _added(known_as.get(subject), entity)
            for subject, entity in seen.items()
            if _adds(known_as.get(subject), entity)
        ]
        renamed = [
            subject
            for subject, entity in seen.items()
            if subject in known_as and not known_as[subject].shows_same_as(entity)
        ]
        if wider or news or renamed:
            with self._store.transaction() as connection:
                for scene_id, subjects in wider.items():
                    connection.execute(record_sql.SAVE_SCENE_ENTITIES, _row(scene_id, subjects))
                for entity in news:
                    connection.execute(record_sql.ADD_ENTITY, _values(entity))
                for subject in renamed:
                    connection.execute(record_sql.CLEAR_ENTITY_NAME, {"subject": subject})
        self._before_write = recorded
        return renamed

    def record_after_write(self, scene_id: int, subjects: Iterable[str]) -> None:
        """After Plex was written: the scene shows these and nothing else."""
        exact = frozenset(subjects)
        known = self._before_write.pop(scene_id, None)
        if (self.of_scene(scene_id) if known is None else known) != exact:
            with self._store.transaction() as connection:
                connection.execute(record_sql.SAVE_SCENE_ENTITIES, _row(scene_id, exact))

    def forget_scene(self, scene_id: int) -> None:
        """Remove the row of a deleted scene."""
        self._before_write.pop(scene_id, None)
        with self._store.transaction() as connection:
            connection.execute(record_sql.FORGET_SCENE_ENTITIES, {"scene_id": scene_id})

    # -- entities -------------------------------------------------------------------------------

    def known(self, subject: str) -> Entity | None:
        """Return what every indexed scene shows of the entity; None if no scene does."""
        return self._known_among([subject]).get(subject)

    def _known_among(self, subjects: Iterable[str]) -> dict[str, Entity]:
        rows = read_among(self._store.connection, record_sql.ENTITIES, list(subjects))
        return {row[0]: Entity(*row) for row in rows}

    def known_of_kind(self, kind: str) -> list[str]:
        """Return the subjects of every known entity of one kind."""
        rows = self._store.connection.execute(
            record_sql.ENTITIES_OF_KIND, {"pattern": f"{kind}:%"}
        ).fetchall()
        return [row[0] for row in rows]

    def entities_of_kind(self, kind: str) -> list[Entity]:
        """Return every known entity of one kind."""
        query = {"pattern": f"{kind}:%"}
        rows = self._store.connection.execute(record_sql.ENTITY_ROWS_OF_KIND, query).fetchall()
        return [Entity(*row) for row in rows]

    def remember(self, entity: Entity) -> None:
        """Store the entity: every scene that shows it is in step or queued."""
        with self._store.transaction() as connection:
            connection.execute(record_sql.SAVE_ENTITY, _values(entity))

    def forget(self, subject: str) -> None:
        """Remove a deleted entity, once the scenes that showed it are queued."""
        with self._store.transaction() as connection:
            connection.execute(record_sql.FORGET_ENTITY, {"subject": subject})


def _adds(known: Entity | None, entity: Entity) -> bool:
    """Return True if the entity tells anything that is not known yet."""
    if known is None or (known.parent is None and entity.parent is not None):
        return True
    return add_details(known.details, entity.details) != known.details


def _added(known: Entity | None, entity: Entity) -> Entity:
    """Return the entity with the details that are known: a scene only adds to them."""
    if known is None:
        return entity
    return replace(entity, details=add_details(known.details, entity.details))


def _row(scene_id: int, subjects: Iterable[str]) -> dict[str, object]:
    return {"scene_id": scene_id, "entities": f" {' '.join(sorted(subjects))} "}


def _values(entity: Entity) -> dict[str, object]:
    return {
        "subject": entity.subject,
        "shown": entity.shown,
        "parent": entity.parent,
        "updated_at": entity.updated_at,
        "read_at": entity.read_at,
        "details": entity.details,
    }
