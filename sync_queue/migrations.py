"""List the steps that bring a database's schema to this version."""

from sync_queue import statements as sql
from sync_queue.error_names import RENAME_ERRORS

_STEP_1 = f"""
CREATE UNIQUE INDEX one_waiting ON {sql.QUEUE} (subject) WHERE status < 2;
CREATE UNIQUE INDEX one_running ON {sql.QUEUE} (subject) WHERE status = 2;
CREATE INDEX by_urgency ON {sql.QUEUE} (priority, due_at) WHERE status < 2;
CREATE INDEX by_due ON {sql.QUEUE} (due_at) WHERE status < 2;
CREATE INDEX by_status ON {sql.QUEUE} (status);
CREATE INDEX by_reason ON {sql.QUEUE} (reason) WHERE status < 2 AND reason <> '';
CREATE TABLE dead_letters (
  subject TEXT PRIMARY KEY, cause TEXT NOT NULL, priority INTEGER NOT NULL, title TEXT NOT NULL,
  reason TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL, candidates TEXT NOT NULL,
  first_at FLOAT NOT NULL, last_at FLOAT NOT NULL);
CREATE TABLE records (
  scene_id INTEGER NOT NULL, server TEXT NOT NULL, item INTEGER NOT NULL, section TEXT NOT NULL,
  path TEXT NOT NULL, oshash TEXT NOT NULL, updated_at TEXT NOT NULL, read_at FLOAT NOT NULL,
  confidence TEXT NOT NULL, fields TEXT NOT NULL, images TEXT NOT NULL,
  PRIMARY KEY (scene_id, server, item));
CREATE INDEX records_by_item ON records (item, server);
CREATE TABLE worker (
  id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, version TEXT NOT NULL, epoch INTEGER NOT NULL,
  started_by TEXT NOT NULL, started_at FLOAT NOT NULL, in_hand INTEGER, doing TEXT NOT NULL);
CREATE TABLE session (
  id INTEGER PRIMARY KEY CHECK (id = 1), scheme TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,
  cookie TEXT NOT NULL, noted_at FLOAT NOT NULL);
CREATE TABLE notices (
  class TEXT PRIMARY KEY, level TEXT NOT NULL, text TEXT NOT NULL, first_at FLOAT NOT NULL,
  last_at FLOAT NOT NULL, told_at FLOAT);
CREATE INDEX untold ON notices (last_at) WHERE told_at IS NULL;
CREATE TABLE counters (kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

# What scenes show of performers, studios, tags and groups, so that their renames and ends find
# their scenes;
# and what Plex showed before PlexSync's first write.
_STEP_2 = """
CREATE TABLE scene_entities (scene_id INTEGER PRIMARY KEY, entities TEXT NOT NULL);
CREATE TABLE entities (
  subject TEXT PRIMARY KEY, shown TEXT NOT NULL, parent TEXT, updated_at TEXT NOT NULL, read_at FLOAT NOT NULL);
CREATE TABLE originals (
  server TEXT NOT NULL, item INTEGER NOT NULL, section INTEGER NOT NULL, kept_at FLOAT NOT NULL,
  shown TEXT NOT NULL, PRIMARY KEY (server, item));
"""

# Error classes are stored by name, and some have other names since 1.2.
_STEP_3 = ";".join(RENAME_ERRORS)

# Earlier versions did not note that an item was restored, which keeps its uploads. A table marks a
# database whose predecessor is lost.
_STEP_4 = f"""
INSERT OR IGNORE INTO meta (key, value) SELECT '{sql.UPLOADS_UNKNOWN}', '1'
WHERE EXISTS (SELECT 1 FROM worker) OR EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'successor');
DROP TABLE IF EXISTS successor;
"""

# What the user has decided on PlexSync's page; and the dead letters in the order of its lists.
_STEP_5 = """
CREATE TABLE overrides (
  id INTEGER PRIMARY KEY, scene_id INTEGER NOT NULL, server TEXT NOT NULL, item INTEGER NOT NULL,
  path TEXT NOT NULL, oshash TEXT NOT NULL, chosen_at FLOAT NOT NULL);
CREATE INDEX dead_letters_by_time ON dead_letters (last_at DESC, subject);
CREATE INDEX dead_letters_by_reason ON dead_letters (reason, last_at DESC, subject);
"""

# What scenes show of an entity besides its name; "" for what earlier versions have recorded.
_STEP_6 = "ALTER TABLE entities ADD COLUMN details TEXT NOT NULL DEFAULT ''"

# The collections that PlexSync made of groups, and what it sent to each.
_STEP_7 = """
CREATE TABLE collections (
  server TEXT NOT NULL, section INTEGER NOT NULL, title_key TEXT NOT NULL, title TEXT NOT NULL,
  subject TEXT NOT NULL, item INTEGER NOT NULL, summary TEXT NOT NULL, image TEXT NOT NULL,
  etag TEXT NOT NULL, sending TEXT NOT NULL, due INTEGER NOT NULL,
  PRIMARY KEY (server, section, title_key));
CREATE INDEX collections_due ON collections (server) WHERE due > 0;
CREATE INDEX collections_by_subject ON collections (subject);
"""

# Step n brings `user_version` from n - 1 to n.
MIGRATIONS: tuple[str, ...] = (_STEP_1, _STEP_2, _STEP_3, _STEP_4, _STEP_5, _STEP_6, _STEP_7)
