"""host:port as settings write it."""


def host_and_port(text: str, usual: int) -> tuple[str, int] | None:
    """Host and port of "host", "host:port", "[::1]" or "[::1]:port"; None of an empty text.

    `usual` is the port where none is named.
    """
    if not text:
        return None
    host, _, port = text.rpartition(":") if text[-1] != "]" else (text, "", "")
    if not host:
        host, port = text, ""
    return host.strip("[]"), int(port) if port else usual
