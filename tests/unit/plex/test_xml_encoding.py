"""XML is read in the encoding that the document names, else in UTF-8."""

import pytest

from plex.xml_encoding import as_utf_8, xml_encoding

DECLARED = '<?xml version="1.0" encoding="{}"?>\n<a title="Café"/>'


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", "utf-8"),
        (b"<a/>", "utf-8"),
        (b"<?xml version='1.0'?><a/>", "utf-8"),
        (b"<?xml version='1.0' encoding='UTF-8'?><a/>", "utf-8"),
        (b"<?xml version='1.0' encoding='no-such-thing'?><a/>", "utf-8"),
        (b'<a encoding="latin-1"/>', "utf-8"),
        (b'<?xml version="1.0" encoding="windows-1252" ?><a/>', "cp1252"),
        (b"\xef\xbb\xbf<a/>", "utf-8-sig"),
        ("<a/>".encode("utf-16"), "utf-16"),
    ],
)
def test_the_document_decides_its_encoding(body: bytes, encoding: str) -> None:
    assert xml_encoding(body) == encoding


def test_a_document_in_utf_8_stays_as_it_is() -> None:
    body = DECLARED.format("utf-8").encode()

    assert as_utf_8(body) is body


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16"])
def test_another_declared_encoding_becomes_utf_8(encoding: str) -> None:
    body = as_utf_8(DECLARED.format(encoding).encode(encoding))

    assert body.decode().strip() == '<a title="Café"/>'


def test_broken_bytes_do_not_fail() -> None:
    assert as_utf_8(b'<?xml version="1.0" encoding="utf-16"?><a/>')
