"""One device per installation.

Plex lists a new device for every client identifier it has not seen, and tells the owner. plexapi's
own identifier is random per process where no hardware address is readable, as in many containers.
"""

import uuid
from collections.abc import Callable
from pathlib import Path

from core.files import JsonFile
from core.version import VERSION


def device_headers(data_dir: Path, sleep: Callable[[float], None]) -> dict[str, str]:
    """Return the headers that identify PlexSync, with this installation's stored UUID.

    Created at the first call; processes that race for it agree on one.

    Raises:
        OSError: the identity can be neither read nor saved. Each run would appear as a new device.
    """
    file = JsonFile(data_dir / "device.json", sleep)
    document = file.read()
    if document is None or not _is_uuid(document.get("identifier")):
        if document is not None:
            file.quarantine()
        document = file.create({"identifier": str(uuid.uuid4())})
    return {
        "X-Plex-Client-Identifier": str(document["identifier"]),
        "X-Plex-Product": "PlexSync",
        "X-Plex-Version": VERSION,
        "X-Plex-Device": "Stash",
        "X-Plex-Device-Name": "PlexSync (Stash)",
    }


def _is_uuid(value: object) -> bool:
    try:
        return str(uuid.UUID(str(value))) == value
    except ValueError:
        return False
