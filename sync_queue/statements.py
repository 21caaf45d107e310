"""Every SQL text on the queue's tables, named, each with its purpose. Standard library only: hooks
load it.

Statuses are persist-queue's: 0 and 1 wait, 2 is in progress, 5 is done. A row is *waiting* when its
status is below 2; a unique partial index allows one waiting and one running row per subject.
"""

SCHEMA_VERSION = 7  # PRAGMA user_version; a step is added in migrations.py, never edited

QUEUE = "scene_ack_queue_default"

SETTLE_S = 1.0  # an edit rests this long, so that a burst of saves is one write
SETTLE_WINDOW_S = 4.0  # but never longer than this after the first note
SCAN_SETTLE_S = 60.0  # a scan creates a scene before its cover and metadata exist
MAX_WAIT_S = 3600.0  # nothing waits longer; a due time further ahead means that the clock jumped

# One waiting row per subject: insert it, or add the change to the waiting row. window is the settle
# window of a user's edit, NULL for changes that no user waits for. persist-queue keeps and expects
# bytes in data.
ENQUEUE = f"""
INSERT INTO {QUEUE} (data, timestamp, status, subject, cause, priority, due_at, attempts)
VALUES (CAST(:data AS BLOB), :now, 0, :subject, :cause, :priority, :due_at, 0)
ON CONFLICT (subject) WHERE status < 2 DO UPDATE SET
  data = excluded.data,
  cause = ltrim(trim(replace('+' || cause || '+', '+' || excluded.cause || '+', '+'), '+')
                || '+' || excluded.cause, '+'),
  priority = min(priority, excluded.priority),
  timestamp = CASE WHEN reason <> '' THEN excluded.timestamp ELSE timestamp END,
  due_at = CASE WHEN :window IS NULL THEN min(due_at, excluded.due_at)
                ELSE min(excluded.due_at,
                         CASE WHEN reason <> '' THEN excluded.timestamp ELSE timestamp END + :window) END,
  attempts = 0, deaths = 0, reason = ''
"""

# The newest way back to Stash: where it listens and the session it gave us.
SAVE_SESSION = """
INSERT INTO session (id, scheme, host, port, cookie, noted_at)
VALUES (1, :scheme, :host, :port, :cookie, :now)
ON CONFLICT (id) DO UPDATE SET scheme = excluded.scheme, host = excluded.host, port = excluded.port,
  cookie = excluded.cookie, noted_at = excluded.noted_at
"""
READ_SESSION = "SELECT scheme, host, port, cookie, noted_at FROM session WHERE id = 1"
RENEW_COOKIE = "UPDATE session SET cookie = :cookie, noted_at = :now WHERE id = 1 AND cookie = :old"

# Notices not delivered yet; and the mark that they were.
PENDING_NOTICES = (
    "SELECT class, level, text FROM notices WHERE told_at IS NULL ORDER BY last_at LIMIT 5"
)
MARK_DELIVERED = "UPDATE notices SET told_at = :now WHERE class = :class AND told_at IS NULL"

# The jobs that are due, most urgent first; one statement per priority keeps it an index look-up.
# A subject that is in progress is left alone until its running row has moved on.
SELECT_DUE = f"""
SELECT _id, subject, cause, priority, timestamp, attempts, deaths FROM {QUEUE} AS waiting
WHERE status < 2 AND priority = :priority AND due_at <= :now
  AND NOT EXISTS (SELECT 1 FROM {QUEUE} AS running WHERE running.status = 2 AND running.subject = waiting.subject)
ORDER BY due_at, _id LIMIT :limit
"""
CLAIM = f"UPDATE {QUEUE} SET status = 2 WHERE _id = :id AND status < 2"
PRIORITIES_DUE = (
    f"SELECT 1 FROM {QUEUE} WHERE status < 2 AND priority IN ({{}}) AND due_at <= :now LIMIT 1"
)
# Before each request: the epoch, and whether a more urgent job is due.
EPOCH_AND_DUE = f"SELECT (SELECT epoch FROM worker WHERE id = 1), EXISTS ({PRIORITIES_DUE})"
# Clocks jump: what would wait longer than anything may is due now.
CLAMP_DUE = f"UPDATE {QUEUE} SET due_at = :now WHERE status < 2 AND due_at > :now + :longest"
NEXT_DUE = f"SELECT min(due_at) FROM {QUEUE} WHERE status < 2"

# Moves of a running row. Each names status 2, so that rowcount tells whether the move was ours to
# make.
COMPLETE = f"UPDATE {QUEUE} SET status = 5 WHERE _id = :id AND status = 2"
REQUEUE = f"""
UPDATE {QUEUE} SET status = 1, due_at = :due_at, attempts = :attempts, priority = :priority, reason = :reason
WHERE _id = :id AND status = 2
"""
DROP_RUNNING = f"DELETE FROM {QUEUE} WHERE _id = :id AND status = 2"
FIND_WAITING = f"SELECT _id FROM {QUEUE} WHERE subject = :subject AND status < 2"
SET_REASON = f"UPDATE {QUEUE} SET reason = :reason WHERE subject = :subject AND status < 2"
RAISE_PRIORITY = f"UPDATE {QUEUE} SET priority = min(priority, :priority) WHERE _id = :id"
RUNNING = f"SELECT _id, subject, cause, priority, timestamp, attempts, deaths FROM {QUEUE} WHERE status = 2"
REFUND = (
    f"UPDATE {QUEUE} SET attempts = max(attempts - 1, 0) WHERE subject = :subject AND status < 2"
)
# A current job that is not running any more has completed. Without current jobs (NULL) any running
# job may be the poison job.
ADD_CRASH = f"UPDATE {QUEUE} SET deaths = deaths + 1 WHERE status = 2 AND _id = coalesce(:id, _id)"
# A look that the library's move brought about is not one of the job's own: it is given back.
MAKE_DUE = f"""
UPDATE {QUEUE} SET due_at = :now, attempts = max(attempts - 1, 0)
WHERE status < 2 AND reason = :reason AND due_at > :now
"""
MAKE_CAUSE_DUE = (
    f"UPDATE {QUEUE} SET due_at = :now WHERE status < 2 AND cause = :cause AND due_at > :now"
)
IS_WAITING = f"SELECT 1 FROM {QUEUE} WHERE status < 2 AND reason = :reason LIMIT 1"

DROP_WAITING_ROW = f"DELETE FROM {QUEUE} WHERE _id = :id AND status < 2"
DROP_WAITING = f"DELETE FROM {QUEUE} WHERE status < 2"

QUEUED = f"""
SELECT 1 FROM {QUEUE} WHERE subject = :subject AND status < 2
UNION ALL SELECT 1 FROM {QUEUE} WHERE subject = :subject AND status = 2 LIMIT 1
"""
# Whether a subject is in the queue, or in a dead letter that is younger than its change.
PENDING_CHANGE = f"""
SELECT 1 FROM {QUEUE} WHERE subject = :subject AND status < 2
UNION ALL SELECT 1 FROM {QUEUE} WHERE subject = :subject AND status = 2
UNION ALL SELECT 1 FROM dead_letters WHERE subject = :subject AND last_at >= :since LIMIT 1
"""

# Which of some subjects wait, are in progress, or failed: an index look-up per subject.
WAITING_AMONG = f"SELECT subject FROM {QUEUE} WHERE status < 2 AND subject IN ({{places}})"
RUNNING_AMONG = f"SELECT subject FROM {QUEUE} WHERE status = 2 AND subject IN ({{places}})"
DEAD_LETTERS_AMONG = "SELECT subject FROM dead_letters WHERE subject IN ({places})"

# What a damaged database still shows of its queue; its indexes may be what is damaged.
SALVAGE = f"""
SELECT data, timestamp, subject, cause, priority FROM {QUEUE} NOT INDEXED WHERE status < 5 ORDER BY _id {{order}}
"""

# Tables whose rows are carried over from a damaged database: name, columns, how many of the last
# ones are JSON.
RECOVERED_TABLES = (
    (
        "records",
        "scene_id, server, item, section, path, oshash, updated_at, read_at, confidence, fields, images",
        2,
    ),
    ("originals", "server, item, section, kept_at, shown", 1),
    (
        "dead_letters",
        "subject, cause, priority, title, reason, message, attempts, first_at, last_at, candidates",
        1,
    ),
    ("overrides", "id, scene_id, server, item, path, oshash, chosen_at", 0),
    (
        "collections",
        "server, section, title_key, title, subject, item, summary, image, etag, sending, due",
        0,
    ),
)
UPSERT_ROW = "INSERT OR REPLACE INTO {table} ({columns}) VALUES ({row})"

# Counts for the status, which the page asks for every few seconds. Counting by status needs its
# index alone; counting what is due would look at each row.
COUNTS = f"""
SELECT waiting - later, later, running FROM (SELECT
  (SELECT count(*) FROM {QUEUE} WHERE status < 2) AS waiting,
  (SELECT count(*) FROM {QUEUE} WHERE status < 2 AND due_at > :now) AS later,
  (SELECT count(*) FROM {QUEUE} WHERE status = 2) AS running)
"""
# Jobs that a cause has brought about, alone or with others.
COUNT_CAUSED_BY = f"SELECT count(*) FROM {QUEUE} WHERE status <= 2 AND instr(cause, :cause)"
# What only this cause has brought about, and no user waits for.
COUNT_ONLY_CAUSE = (
    f"SELECT count(*) FROM {QUEUE} WHERE status < 2 AND priority = :priority AND cause = :cause"
)
DROP_ONLY_CAUSE = (
    f"DELETE FROM {QUEUE} WHERE status < 2 AND priority = :priority AND cause = :cause"
)
SETTLING = f"""
SELECT count(*) FROM {QUEUE} WHERE status < 2 AND reason = '' AND due_at > :now AND due_at <= :now + :within
"""
COUNT_REASONS = f"SELECT reason, count(*) FROM {QUEUE} WHERE status < 2 AND reason <> '' GROUP BY reason ORDER BY 2 DESC"

# Dead letters: jobs that stopped trying, with what the user needs to act.
INSERT_DEAD_LETTER = """
INSERT INTO dead_letters (subject, cause, priority, title, reason, message, attempts, candidates, first_at, last_at)
VALUES (:subject, :cause, :priority, :title, :reason, :message, :attempts, :candidates, :first_at, :now)
ON CONFLICT (subject) DO UPDATE SET cause = excluded.cause, priority = excluded.priority, title = excluded.title,
  reason = excluded.reason, message = excluded.message, attempts = excluded.attempts,
  candidates = excluded.candidates, last_at = excluded.last_at
"""
DELETE_DEAD_LETTER = "DELETE FROM dead_letters WHERE subject = :subject"
NEWEST_DEAD_LETTERS = """
SELECT subject, cause, priority, title, reason, message, attempts, candidates, first_at, last_at
FROM dead_letters ORDER BY last_at DESC, subject LIMIT :limit
"""
DEAD_LETTER_REASON = "SELECT reason FROM dead_letters WHERE subject = :subject"
TOTAL_DEAD_LETTERS = "SELECT count(*) FROM dead_letters"
DEAD_LETTER_TIMES = "SELECT reason, last_at FROM dead_letters"
NEWEST_BY_REASON = (
    "SELECT reason, count(*), max(last_at) FROM dead_letters GROUP BY reason ORDER BY 3 DESC"
)
COUNT_DEAD_LETTERS = "SELECT reason, count(*) FROM dead_letters GROUP BY reason ORDER BY 2 DESC"

# One row about the worker: its status, and the epoch that fences a worker which lost the lease.
NEW_EPOCH = """
INSERT INTO worker (id, pid, version, epoch, started_by, started_at, in_hand, doing)
VALUES (1, :pid, :version, 1, :started_by, :now, NULL, 'starting')
ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, version = excluded.version, epoch = epoch + 1,
  started_by = excluded.started_by, started_at = excluded.started_at, doing = excluded.doing
"""
EPOCH = "SELECT epoch FROM worker WHERE id = 1"
# Several current jobs are one text, "12 14 17": an older version charges none of them with a crash.
CLEAR_CURRENT_JOBS = "UPDATE worker SET in_hand = NULL WHERE id = 1"
CURRENT_JOBS = "SELECT in_hand FROM worker WHERE id = 1"
SET_CURRENT_JOBS = "UPDATE worker SET in_hand = :ids WHERE id = 1 AND epoch = :epoch"
SET_WORKER_STATUS = "UPDATE worker SET doing = :doing WHERE id = 1 AND epoch = :epoch"
WORKER = "SELECT pid, version, epoch, started_by, started_at, doing FROM worker WHERE id = 1"

# Small facts that outlive a process: the watermark, the journal mode, counters.
WATERMARK = (
    "watermark"  # the key under which the catch-up remembers up to when it knows all changes
)
RECONCILED = "reconciled"  # when the last reconciliation ended, epoch seconds, and what it found, as one line
SYNC_ALL_REQUESTED = "whole_library"  # set by Sync All; reconciliation then covers every scene
# Long work that the user has asked the worker for: the request or the position, as JSON.
SYNC_RUN = "sync_run"
RECONCILE_RUN = "reconcile_run"
RECONCILE_REQUEST = "reconcile_wish"
# When the run that is to end was started, as a text.
RECONCILE_CANCEL = "reconcile_cancel"
RUNS = f"""
SELECT key, value FROM meta
WHERE key IN ('{SYNC_RUN}', '{RECONCILE_RUN}', '{RECONCILE_REQUEST}', '{RECONCILE_CANCEL}') AND value <> ''
"""
GET_META = "SELECT value FROM meta WHERE key = :key"
INSERT_META = "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING"
SET_META = "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"

# The originals may not name every image that was uploaded: some of them may have been lost. This is
# set for good.
UPLOADS_UNKNOWN = "uploads_unknown"
MARK_UPLOADS_UNKNOWN = f"INSERT OR IGNORE INTO meta (key, value) VALUES ('{UPLOADS_UNKNOWN}', '1')"

# Counters move in the transaction of the job's state change: a kill never counts a job twice.
COUNT = """
INSERT INTO counters (kind, name, count) VALUES (?, ?, ?)
ON CONFLICT (kind, name) DO UPDATE SET count = count + excluded.count
"""
COUNTERS = "SELECT kind, name, count FROM counters ORDER BY kind, name"
FORGET_COUNTERS = "DELETE FROM counters WHERE kind = :kind AND name < :name"
CLEAR_COUNTERS = "DELETE FROM counters"

# Notices: one row per class; delivered again if still true an hour after delivery.
NOTICE = """
INSERT INTO notices (class, level, text, first_at, last_at, told_at) VALUES (:class, :level, :text, :now, :now, NULL)
ON CONFLICT (class) DO UPDATE SET level = excluded.level, text = excluded.text, last_at = excluded.last_at,
  told_at = CASE WHEN abs(:now - told_at) >= :again_s THEN NULL ELSE told_at END
"""
NEWEST_NOTICES = """
SELECT class, level, text, last_at FROM notices WHERE last_at >= :since ORDER BY last_at DESC LIMIT :limit
"""
DELIVERED_AT = "SELECT told_at FROM notices WHERE class = :class"
DROP_NOTICE = "DELETE FROM notices WHERE class = :class"
