"""What a chip model saw on its bus that a chip does not allow."""

from collections import deque

KEPT = 50
"""Only the latest texts are kept, so that a driver in a wrong loop does not fill the memory."""


class ViolationLog:
    """Counts violations of a chip's rules and keeps the latest of them in words."""

    def __init__(self) -> None:
        self.count = 0
        self.texts: deque[str] = deque(maxlen=KEPT)

    def note(self, text: str) -> None:
        """Keep one violation; the model refuses what caused it."""
        self.count += 1
        self.texts.append(text)
