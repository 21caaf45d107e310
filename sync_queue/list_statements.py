"""The SQL of the lists that the page shows; hooks do not load it."""

from sync_queue.statements import QUEUE

JOB_COLUMNS = "subject, cause, priority, due_at, attempts, reason, status"

# The queue in the order in which it is processed: three lists, each in the order of an index, so
# that a page far down costs a walk over the index and no sort.
RUNNING_JOBS = f"""
SELECT {JOB_COLUMNS} FROM {QUEUE} WHERE status = 2 ORDER BY _id LIMIT :limit OFFSET :offset
"""
DUE_JOBS = f"""
SELECT {JOB_COLUMNS} FROM {QUEUE} INDEXED BY by_urgency WHERE status < 2 AND due_at <= :now
ORDER BY priority, due_at, _id LIMIT :limit OFFSET :offset
"""
LATER_JOBS = f"""
SELECT {JOB_COLUMNS} FROM {QUEUE} INDEXED BY by_due WHERE status < 2 AND due_at > :now
ORDER BY due_at, _id LIMIT :limit OFFSET :offset
"""
JOBS_AMONG = f"""
SELECT {JOB_COLUMNS} FROM {QUEUE} WHERE status < 2 AND subject IN ({{places}})
UNION ALL SELECT {JOB_COLUMNS} FROM {QUEUE} WHERE status = 2 AND subject IN ({{places}})
"""
COUNT_WAITING = f"SELECT count(*) FROM {QUEUE} WHERE status < 2"
DROP_WAITING_SUBJECT = f"DELETE FROM {QUEUE} WHERE subject = :subject AND status < 2"

DEAD_LETTER_COLUMNS = (
    "subject, cause, priority, title, reason, message, attempts, candidates, first_at, last_at"
)
DEAD_LETTER_PAGE = f"""
SELECT {DEAD_LETTER_COLUMNS} FROM dead_letters {{where}}
ORDER BY last_at DESC, subject LIMIT :limit OFFSET :offset
"""
OF_REASON = "WHERE reason = :reason"
COUNT_DEAD_LETTERS_OF = "SELECT count(*) FROM dead_letters WHERE :reason = '' OR reason = :reason"
DEAD_LETTERS_OF = f"SELECT {DEAD_LETTER_COLUMNS} FROM dead_letters WHERE subject IN ({{}})"
CHOSEN_DEAD_LETTERS = """
SELECT subject, priority FROM dead_letters WHERE (:reason = '' OR reason = :reason)
  AND last_at < :before
"""
