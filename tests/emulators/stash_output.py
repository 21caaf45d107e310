"""What a plugin is given and what it gives back, in the spelling of Go."""

from __future__ import annotations

import json
from typing import Any

_LEVELS = {
    b"t": "Trace",
    b"d": "Debug",
    b"i": "Info",
    b"w": "Warning",
    b"e": "Error",
    b"p": "Progress",
}
_GO_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def go_json(value: Any) -> bytes:
    """JSON as Go's encoder writes it: compact, UTF-8, five characters escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for plain, escaped in _GO_ESCAPES.items():
        text = text.replace(plain, escaped)
    return text.encode("utf-8", errors="replace")


def parse_line(line: bytes) -> tuple[str | None, str]:
    """Level and text of a line; no level means that the plugin did not name one."""
    level = _LEVELS.get(line[1:2]) if line[:1] == b"\x01" and line[2:3] == b"\x02" else None
    if level is None or len(line) == 3:
        return None, line.decode("utf-8", errors="replace")
    return level, line[3:].decode("utf-8", errors="replace").strip()


def decode_output(stdout: bytes) -> tuple[str | None, Any]:
    """Error and output of everything a plugin printed; what is not the expected object is output as
    text.
    """
    text = stdout.decode("utf-8", errors="replace")
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return None, text
    if value is None:
        return None, None
    if not isinstance(value, dict):
        return None, text
    members = {key.lower(): member for key, member in value.items()}
    error = members.get("error")
    if error == {}:
        return "", go_value(members.get("output"))
    if error is not None and not isinstance(error, str):
        return None, text
    return error, go_value(members.get("output"))


def go_sorted(value: Any) -> Any:
    """Return a value with the keys of every object in order, as Go writes a map."""
    if isinstance(value, dict):
        return {key: go_sorted(value[key]) for key in sorted(value)}
    return [go_sorted(each) for each in value] if isinstance(value, list) else value


def go_value(value: Any) -> Any:
    """Return a decoded value as Stash hands it on: every number was a 64-bit float in between, and
    a lone surrogate became U+FFFD.
    """
    if isinstance(value, dict):
        return {go_value(key): go_value(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [go_value(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 1e21 else number


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def exit_text(status: int) -> str | None:
    if status == 0:
        return None
    names = {
        -9: "killed",
        -15: "terminated",
        -2: "interrupt",
        -6: "aborted",
        -11: "segmentation fault",
    }
    return f"exit status {status}" if status > 0 else f"signal: {names.get(status, -status)}"
