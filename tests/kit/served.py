"""A server of the standard library's socketserver, in a thread of its own while `with` lasts."""

import socketserver
import threading
from types import TracebackType
from typing import Self


class Served:
    """What listens on loopback, at a port that the system chooses, from `with` on."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        self.port: int = server.server_address[1]
        """Where it listens, on 127.0.0.1."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
