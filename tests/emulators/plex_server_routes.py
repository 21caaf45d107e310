"""Routes about the server itself: identity, activities, stars."""

from __future__ import annotations

from tests.emulators.plex_edits import rate
from tests.emulators.plex_markup import container, element
from tests.emulators.plex_model import Item
from tests.emulators.plex_site import Call, Route
from tests.emulators.plex_wire import RefusedError, Response


def root(call: Call) -> Response:
    """What a client asks first when it connects."""
    site = call.site
    pairs: list[tuple[str, object]] = [
        ("size", 2),
        ("allowCameraUpload", 0),
        ("allowMediaDeletion", 1),
        ("allowSharing", 1),
        ("allowSync", 1),
        ("backgroundProcessing", 1),
        ("certificate", 1),
        ("countryCode", "che"),
        ("friendlyName", site.friendly_name),
        ("machineIdentifier", site.machine_identifier),
        ("multiuser", 1),
        ("myPlex", 1),
        ("myPlexMappingState", "mapped"),
        ("myPlexSigninState", "ok"),
        ("myPlexSubscription", 0),
        ("myPlexUsername", site.owner),
        ("platform", "Linux"),
        ("platformVersion", "6.1"),
        ("pluginHost", 1),
        ("readOnlyLibraries", 0),
        ("transcoderPhoto", 1),
        ("transcoderVideo", 1),
        ("updatedAt", 1700000000),
        ("version", site.version),
    ]
    children = [
        element("Directory", [("count", 1), ("key", name), ("title", name)])
        for name in ("library", "identity")
    ]
    return container(pairs, children)


def identity(call: Call) -> Response:
    """The health check, which needs no token."""
    site = call.site
    return container(
        [
            ("size", 0),
            ("claimed", 1),
            ("machineIdentifier", site.machine_identifier),
            ("version", site.version),
        ]
    )


def activities(call: Call) -> Response:
    """What runs now."""
    running = []
    for section in call.library.sections.values():
        for scan in section.scans:
            context = element(
                "Context",
                [
                    ("accessible", 1),
                    ("exists", 1),
                    ("analyzed", 1),
                    ("refreshed", 1),
                    ("librarySectionID", section.key),
                ],
            )
            pairs = [
                ("uuid", scan.uuid),
                ("type", "library.update.section"),
                ("cancellable", 0),
                ("userID", 1),
                ("title", f"Scanning {section.title}"),
                ("subtitle", ""),
                ("progress", 42),
            ]
            running.append(element("Activity", pairs, context))
    return container([("size", len(running))], running)


def rate_item(call: Call) -> Response:
    """Stars; -1 takes them away."""
    query = call.request.query
    key, text = query.get("key"), query.get("rating")
    if key is None or text is None or not key.isdigit():
        raise RefusedError(400)
    try:
        value = float(text)
    except ValueError as error:
        raise RefusedError(400) from error
    if value > 10 or (value < 0 and value != -1):
        raise RefusedError(400)
    item = call.library.find(int(key))
    if not isinstance(item, Item):
        raise RefusedError(404)
    rate(call.library, item, None if value == -1 else value)
    return Response()


ROUTES = (
    Route("GET", "/", root),
    Route("GET", "/identity", identity),
    Route("GET", "/activities", activities),
    Route("PUT", "/:/rate", rate_item),
    Route("GET", "/:/rate", rate_item),
)
