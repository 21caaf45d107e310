"""Send requests to one server with little work: no cookies, redirects, proxies or credentials.

requests spends more processor time on merging settings that PlexSync never uses than on the
request itself, and a sync of a library sends two or three requests for each scene.
"""

from functools import lru_cache
from typing import Any

import requests
from requests import PreparedRequest, Request, Response
from requests.adapters import HTTPAdapter
from requests.utils import check_header_validity, get_encoding_from_headers

# requests states the length of every other body, even of none.
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class PlainSession(requests.Session):
    """Sends requests as `requests.Session` does, but keeps no cookies and follows no redirect.

    Several threads may send at the same time. `pool_size` connections are kept open. A request
    whose body is not bytes, or that has anything but a URL, headers and a body, takes the long way.
    """

    def __init__(self, pool_size: int) -> None:
        """Send nothing."""
        super().__init__()
        # Neither a proxy nor a .netrc file of the system may see what is sent.
        self.trust_env = False
        adapter = PlainAdapter(pool_maxsize=pool_size)
        self.mount("http://", adapter)
        self.mount("https://", adapter)
        self._servers: dict[str, str] = {}

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Return the request with the session's headers.

        Raises:
            requests.RequestException: the URL or a header is unusable.
        """
        if not _is_plain(request):
            return super().prepare_request(request)
        named = {name.lower(): (name, value) for name, value in self.headers.items()}
        named.update((name.lower(), (name, value)) for name, value in request.headers.items())
        # Case matters to this mapping, and each name is in it once.
        headers: Any = dict(named.values())
        for header in headers.items():
            _check_header(header)
        if request.data:
            headers["Content-Length"] = str(len(request.data))
        elif request.method not in _WITHOUT_BODY:
            headers["Content-Length"] = "0"
        prepared = PreparedRequest()
        prepared.method = request.method
        prepared.url = self._prepared_url(request.url)
        prepared.headers = headers
        prepared.body = request.data or None
        prepared.hooks = request.hooks
        return prepared

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Return the settings of one request; the environment has no say."""
        return {
            "proxies": {},
            "stream": bool(stream),
            "verify": self.verify if verify is None else verify,
            "cert": cert,
        }

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send a prepared request and read its answer, unless it is to be streamed.

        Raises:
            requests.RequestException: no whole answer came.
        """
        options.pop("allow_redirects", None)
        response = self.get_adapter(request.url or "").send(request, **options)
        for hook in request.hooks["response"]:
            hook(response)
        if not options.get("stream"):
            _ = response.content
        return response

    def _prepared_url(self, url: str) -> str:
        """Return the URL as requests would write it; only its server needs work, and only once."""
        server = _server_of(url)
        if server not in self._servers:
            whole = requests.Request("GET", f"{server}/").prepare().url
            self._servers[server] = str(whole).removesuffix("/")
        return self._servers[server] + url[len(server) :]


class PlainAdapter(HTTPAdapter):
    """Carries requests over urllib3's connections, which it looks up once per server."""

    def __init__(self, pool_maxsize: int) -> None:
        """Connect to nothing."""
        super().__init__(pool_maxsize=pool_maxsize)
        self._pools: dict[tuple[str, object], Any] = {}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the connections to the request's server."""
        key = (_server_of(request.url or ""), verify)
        pool = self._pools.get(key)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._pools[key] = pool
        return pool

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()
        super().close()

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Return the request target."""
        url = request.url or ""
        return url[len(_server_of(url)) :]

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Return the answer as requests has it, without looking for cookies."""
        response = Response()
        response.status_code = resp.status
        response.headers = resp.headers  # case does not matter in them
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        return response


def _is_plain(request: Request) -> bool:
    """Return True if the request consists of a method, a URL, headers and bytes."""
    has_more = request.files or request.params or request.auth or request.cookies
    if has_more or request.json is not None:
        return False
    if request.data and not isinstance(request.data, bytes):
        return False
    server = _server_of(request.url)
    is_whole = 0 < len(server) < len(request.url)
    return (
        is_whole and not any(character in server for character in "?#@") and "#" not in request.url
    )


def _server_of(url: str) -> str:
    """Return the scheme, host and port of a URL; "" if it has no path."""
    start = url.find("/", url.find("://") + 3)
    return url[:start] if start > 0 else ""


@lru_cache(maxsize=256)
def _check_header(header: tuple[str, str]) -> None:
    """Raise InvalidHeader for a header that may not be sent; most are the same each time."""
    check_header_validity(header)
