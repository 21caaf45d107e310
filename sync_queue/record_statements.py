"""Every SQL text on sync records, originals and entities, named, each with its purpose."""

from sync_queue import statements as sql

# Sync records: what was written where.
RECORD_COLUMNS = (
    "scene_id, server, item, section, path, oshash, updated_at, read_at, confidence, fields, images"
)
SAVE_RECORD = f"""
INSERT INTO records ({RECORD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (scene_id, server, item) DO UPDATE SET section = excluded.section, path = excluded.path,
  oshash = excluded.oshash, updated_at = excluded.updated_at, read_at = excluded.read_at,
  confidence = excluded.confidence, fields = excluded.fields, images = excluded.images
"""
SCENE_RECORDS = (
    f"SELECT {RECORD_COLUMNS} FROM records WHERE scene_id = :scene_id AND server = :server"
)
ITEM_RECORDS = f"SELECT {RECORD_COLUMNS} FROM records WHERE item = :item AND server = :server"
RECORDS_OF_SCENES = f"SELECT {RECORD_COLUMNS} FROM records WHERE server = ? AND scene_id IN ({{}})"
RECORDED_AMONG = "SELECT DISTINCT scene_id FROM records WHERE scene_id IN ({})"
RECORDS_OF_ITEMS = f"SELECT {RECORD_COLUMNS} FROM records WHERE server = ? AND item IN ({{}})"
# Few rows match, and the status and a changed setting ask seldom: no index is kept for it.
SUSPENDED_RECORDS = (
    f"SELECT {RECORD_COLUMNS} FROM records WHERE fields LIKE :pattern OR images LIKE :pattern"
)
RECORD_PLACES = """
SELECT scene_id, item, section, path FROM records WHERE server = :server AND scene_id > 0"""
# The servers that records name, the one that was read last first.
RECORDED_SERVERS = "SELECT server FROM records GROUP BY server ORDER BY max(read_at) DESC"
# A copied record says what is PlexSync's, not that the scene is current: the database may be older.
COPY_RECORDS = f"""INSERT OR IGNORE INTO records ({RECORD_COLUMNS})
SELECT scene_id, :new, item, section, path, oshash, '', 0.0, confidence, fields, images
FROM records WHERE server = :old AND section = :section
"""
LAST_SYNCED_UPDATE = """
SELECT max(updated_at), max(read_at) FROM records
WHERE scene_id = :scene_id AND server = :server AND (:oshash = '' OR oshash IN ('', :oshash))
"""
# What was current is the file's former scene: its new one has a cover of its own.
REKEY_RECORD = """
UPDATE OR REPLACE records SET scene_id = :new, updated_at = '' WHERE scene_id = :scene_id AND server = :server AND item = :item
"""
UNASSIGN_RECORDS = "UPDATE OR REPLACE records SET scene_id = :unassigned WHERE scene_id = :scene_id"
RECORDED_SCENES = """
SELECT DISTINCT scene_id FROM records WHERE scene_id > :after AND scene_id <= :until AND server = :server
ORDER BY scene_id
"""
SCENES_BY_CONFIDENCE = """
SELECT DISTINCT scene_id FROM records WHERE confidence = :confidence AND server = :server AND scene_id > 0
"""
KNOWN_SCENES = """
SELECT scene_id FROM records WHERE scene_id > :after AND scene_id <= :upto
UNION ALL SELECT scene_id FROM scene_entities WHERE scene_id > :after AND scene_id <= :upto
UNION ALL SELECT CAST(substr(subject, 7) AS INTEGER) AS scene_id FROM dead_letters
WHERE subject LIKE 'scene:%' AND scene_id > :after AND scene_id <= :upto
LIMIT :limit
"""
ANY_RECORD = "SELECT 1 FROM records LIMIT 1"
CONFIDENCES = "SELECT confidence, count(*) FROM records GROUP BY confidence ORDER BY 2 DESC"
FORGET_SCENE = "DELETE FROM records WHERE scene_id = :scene_id"
FORGET_ITEM = "DELETE FROM records WHERE scene_id = :scene_id AND server = :server AND item = :item"
FORGET_ITEM_RECORDS = "DELETE FROM records WHERE server = :server AND item = :item"

# Originals: what Plex showed before the first write.
READ_ORIGINALS = "SELECT shown FROM originals WHERE server = :server AND item = :item"
ORIGINALS_AMONG = "SELECT item, shown FROM originals WHERE server = ? AND item IN ({})"
SAVE_ORIGINALS = """
INSERT INTO originals (server, item, section, kept_at, shown) VALUES (:server, :item, :section, :now, :shown)
ON CONFLICT (server, item) DO UPDATE SET section = excluded.section, shown = excluded.shown
"""
COUNT_ORIGINALS = "SELECT count(*) FROM originals WHERE server = :server"
ORIGINALS_AFTER = """
SELECT item, section, shown FROM originals WHERE server = :server AND item > :after ORDER BY item LIMIT :size
"""
COPY_ORIGINALS = """
INSERT OR IGNORE INTO originals (server, item, section, kept_at, shown)
SELECT :new, item, section, kept_at, shown FROM originals WHERE server = :old AND section = :section
"""
ORIGINALS_OF_BOTH = """
SELECT old.item, old.kept_at, old.shown, new.shown FROM originals AS old
JOIN originals AS new ON new.item = old.item AND new.server = :new
WHERE old.server = :old AND old.section = :section
"""
# Both keys are set for good.
NAMES_EVERY_UPLOAD = """
SELECT NOT EXISTS (SELECT 1 FROM meta WHERE key IN (:unknown, :copied) AND value <> '')
"""
FORGET_ORIGINALS = "DELETE FROM originals WHERE server = :server AND item = :item"

# What scenes show: one row per scene with its entities as ' performer:3 tag:7 ', so that one pass
# finds the scenes
# of an entity; and of each entity the name that they show.
SCENE_ENTITIES = "SELECT scene_id, entities FROM scene_entities WHERE scene_id IN ({})"
SAVE_SCENE_ENTITIES = """
INSERT INTO scene_entities (scene_id, entities) VALUES (:scene_id, :entities)
ON CONFLICT (scene_id) DO UPDATE SET entities = excluded.entities
"""
FORGET_SCENE_ENTITIES = "DELETE FROM scene_entities WHERE scene_id = :scene_id"
SCENES_SHOWING = """
SELECT scene_id FROM scene_entities WHERE scene_id > :after AND entities LIKE :pattern ORDER BY scene_id LIMIT :limit
"""
ENTITY_COLUMNS = "subject, shown, parent, updated_at, read_at, details"
ENTITIES = f"SELECT {ENTITY_COLUMNS} FROM entities WHERE subject IN ({{}})"
ENTITIES_OF_KIND = "SELECT subject FROM entities WHERE subject LIKE :pattern"
ENTITY_ROWS_OF_KIND = f"SELECT {ENTITY_COLUMNS} FROM entities WHERE subject LIKE :pattern"
SAVE_ENTITY = f"""
INSERT INTO entities ({ENTITY_COLUMNS})
VALUES (:subject, :shown, :parent, :updated_at, :read_at, :details)
ON CONFLICT (subject) DO UPDATE SET shown = excluded.shown, parent = excluded.parent,
  updated_at = excluded.updated_at, read_at = excluded.read_at, details = excluded.details
"""
# A scene may have been read before a rename that is still being carried to the others: it only adds
# to what is known.
ADD_ENTITY = f"""
INSERT INTO entities ({ENTITY_COLUMNS})
VALUES (:subject, :shown, :parent, :updated_at, :read_at, :details)
ON CONFLICT (subject) DO UPDATE
SET parent = coalesce(entities.parent, excluded.parent), details = excluded.details
"""
CLEAR_ENTITY_NAME = "UPDATE entities SET shown = '' WHERE subject = :subject"
FORGET_ENTITY = "DELETE FROM entities WHERE subject = :subject"

# Decisions of the user about scenes. Two rows may name one scene for a while after Stash has given
# its scenes other ids, so rows have a key of their own.
OVERRIDES = """
SELECT scene_id, server, item, path, oshash, chosen_at, id FROM overrides ORDER BY chosen_at, id
"""
SAVE_OVERRIDE = """
INSERT INTO overrides (scene_id, server, item, path, oshash, chosen_at)
VALUES (:scene_id, :server, :item, :path, :oshash, :chosen_at)
"""
MOVE_OVERRIDE = """
UPDATE overrides SET scene_id = :scene_id, path = :path, oshash = :oshash WHERE id = :id
"""
# "Never" replaces every decision about the file; an item leaves those for items of other servers.
# A row of this scene id that was made for another file stays.
REPLACE_OVERRIDES = """
DELETE FROM overrides WHERE (:item = 0 OR server IN ('', :server))
  AND (scene_id = :scene_id AND (oshash = '' OR :oshash = '')
       OR oshash <> '' AND oshash = :oshash OR path <> '' AND path = :path)
"""
FORGET_OVERRIDES = "DELETE FROM overrides WHERE scene_id = :scene_id"
COPY_OVERRIDES = """
INSERT INTO overrides (scene_id, server, item, path, oshash, chosen_at)
SELECT scene_id, :new, item, path, oshash, chosen_at FROM overrides AS old WHERE server = :old
  AND NOT EXISTS (SELECT 1 FROM overrides WHERE server = :new AND scene_id = old.scene_id)
"""
DROP_WAITING_SYNC = f"""
DELETE FROM {sql.QUEUE} WHERE subject = :subject AND status < 2
  AND '+' || cause || '+' NOT LIKE '%+destroy+%'
"""
