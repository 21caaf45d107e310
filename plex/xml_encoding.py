"""Read Plex's XML in the encoding it was written in, whatever the HTTP header says.

A proxy may drop the charset of the header or add one of its own, and `text/xml` without a charset
is Latin-1 by the rules of HTTP.
"""

import codecs
import re

UTF_8 = "utf-8"
_DECLARATION = re.compile(
    rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["'][^>]*\?>"""
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def xml_encoding(body: bytes) -> str:
    """Return the encoding of an XML document: UTF-8 unless the document says otherwise.

    Examples:
        >>> xml_encoding(b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>')
        'iso8859-1'
        >>> xml_encoding(b"<a/>")
        'utf-8'
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return encoding
    declared = _DECLARATION.match(body)
    try:
        return codecs.lookup(declared.group(1).decode("ascii")).name if declared else UTF_8
    except LookupError:
        return UTF_8


def as_utf_8(body: bytes) -> bytes:
    """Return an XML document in UTF-8; one that is in UTF-8 comes back as it is."""
    encoding = xml_encoding(body)
    if encoding == UTF_8:
        return body
    text = body.decode(encoding, "replace").encode(UTF_8)
    return _DECLARATION.sub(b"", text, count=1)
