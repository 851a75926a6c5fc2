"""The virtual board in the foreground."""

from app.commands.services import begin, ready_teller
from app.config.services import plan
from drivers.models import bus_server


def serve(ready_fd: int | None) -> None:
    """The virtual board: models in Python of chips, telephones and a public exchange."""
    paths = begin("box", needs_folders=False)
    spec = plan(paths, "box")
    pcm = None
    if spec.box_device:
        from drivers.linux_alsa import open_pcm

        pcm = open_pcm(spec.box_device, spec.stream)
    bus_server.serve(spec, paths.bus, paths.operator, ready_teller(ready_fd), pcm=pcm)
