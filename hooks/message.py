"""Read a hook's message with SQLite: loading `json` costs more than starting the interpreter."""

import _sqlite3 as sqlite3  # why: sync_queue/hook_queue.py

MERGE = "Tag.Merge.Post"  # the only event whose input matters

_CONTEXT = "$.args.hookContext"
_FIELDS = "$.args.hookContext.inputFields"
_INPUT = "$.args.hookContext.input"
_SERVER = "$.server_connection"
_OBJECTS = ("$", "$.args", _CONTEXT, _SERVER, f"{_SERVER}.SessionCookie")
# A value of another type than here is for `json` and the checks behind it.
_TYPES = {
    **dict.fromkeys(_OBJECTS, "object"),
    _FIELDS: "array",
    f"{_CONTEXT}.id": "integer",
    f"{_CONTEXT}.type": "text",
    f"{_SERVER}.Port": "integer",
    f"{_SERVER}.Scheme": "text",
    f"{_SERVER}.Host": "text",
    f"{_SERVER}.SessionCookie.Value": "text",
}
_ROWS = f"""
SELECT replace(path, '"', '') AS owner, key, type, atom FROM json_tree(:raw)
WHERE json_valid(:raw) AND owner IN ({", ".join(f"'{path}'" for path in (*_OBJECTS, _FIELDS))})
"""
_CONTROL = bytes(range(32))
# What versions of SQLite and Python's `json` read differently: half of a pair, and the zero byte.
_ESCAPES = (b"\\ud", b"\\uD", b"\\u0000")
_MAX_BRACKETS = 500  # no hook has so many; they bound the depth, which both readers limit


def read_hook(raw: bytes) -> dict[str, object] | None:
    """Return what a hook needs of its message, in the message's own shape.

    None for everything that is not an ordinary hook (another start, an invalid or unusual message,
    a merge of tags, an SQLite without JSON): `json` reads that, and decides alone.

    Examples:
        >>> raw = b'{"args": {"hookContext": {"id": 42, "type": "Scene.Destroy.Post"}}}'
        >>> read_hook(raw)
        {'args': {'hookContext': {'id': 42, 'type': 'Scene.Destroy.Post'}}}
        >>> read_hook(b'{"args": {"mode": "sync_all"}}') is None
        True
    """
    if not _is_ordinary(raw):
        return None
    try:
        connection = sqlite3.connect(":memory:")
        try:
            rows = connection.execute(_ROWS, {"raw": raw.decode()}).fetchall()
        finally:
            connection.close()
    except (sqlite3.Error, ValueError, OverflowError, MemoryError):
        return None
    return _message(rows)


def _is_ordinary(raw: bytes) -> bool:
    text = raw.strip()
    return (
        len(text.translate(None, _CONTROL)) == len(text)
        and not any(escape in text for escape in _ESCAPES)
        and text.count(b"[") + text.count(b"{") <= _MAX_BRACKETS
    )


def _message(rows: list[tuple[str, object, str, object]]) -> dict[str, object] | None:
    """Return the message with what a hook needs; None where a value is not as Stash sends it."""
    objects: dict[str, dict[str, object]] = {"$": {}}
    fields: list[object] = []
    for owner, key, kind, atom in rows:
        name, path = str(key), f"{owner}.{key}"
        if owner == _FIELDS:
            if kind != "text":
                return None
            fields.append(atom)
        elif path == _INPUT:
            objects[owner][name] = None if kind == "null" else {}
        elif path in _TYPES:
            is_twice = name in objects[owner] or "." in name
            is_too_large = kind == "integer" and not isinstance(atom, int)
            if is_twice or is_too_large or kind not in ("null", _TYPES[path]):
                return None
            if kind == "object":
                objects[path] = {}
            values: dict[str, object] = {"object": objects.get(path), "array": fields}
            objects[owner][name] = values.get(kind, atom)
    context = objects.get(_CONTEXT)
    return None if context is None or context.get("type") == MERGE else objects["$"]
