"""An operator of the virtual box in another process: lines of UTF-8 [RFC 3629] over its socket."""

import socket
from pathlib import Path

from drivers.errors import BusClosed
from drivers.models.bus_wire import connected


class RemoteOperator:
    """An operator's connection to a running box. Raises BusClosed if there is none."""

    def __init__(self, operator_path: Path) -> None:
        self._socket = connected(operator_path, socket.SOCK_STREAM)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")

    def run(self, command_line: str) -> tuple[bool, str]:
        """Have one command line carried out; (done, what happened or why not). Blocks till then.

        Raises BusClosed when the box has ended.
        """
        try:
            self._socket.sendall(command_line.replace("\n", " ").encode() + b"\n")
            text = []
            for line in self._lines:
                word, _, rest = line.rstrip("\n").partition(" ")
                text.append(rest)
                if word in ("ok", "failed"):
                    return word == "ok", "\n".join(text)
        except OSError as error:
            raise BusClosed(f"virtual box: {error}") from error
        raise BusClosed("virtual box: has ended")

    def close(self) -> None:
        """End the connection; what is being done is given up."""
        self._lines.close()
        self._socket.close()
