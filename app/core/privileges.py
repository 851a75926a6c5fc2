"""What root does in places that services may write, it does as a service.

A service that has been broken into could lay a link where root is about to write, and so have root
change a file that only root may. Root's effective user and group are those of a service meanwhile,
so the kernel refuses what it would refuse the service [credentials(7)]. Who is not root, or is on
a machine without these names (a laptop, a test), stays what they are.
"""

import grp
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

USER, GROUP = "keeper", "switchhook"
"""The user of the admin service, and the group of all services."""


@cache
def service_ids() -> tuple[int, int] | None:
    """User and group of a service; None on a machine that does not have them."""
    try:
        return pwd.getpwnam(USER).pw_uid, grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


def is_root() -> bool:
    """Whether this is root on a device, where the store is not root's own."""
    return os.geteuid() == 0 and service_ids() is not None


@contextmanager
def as_service() -> Iterator[None]:
    """Root is a service meanwhile; for one thread, since this is the whole process's affair."""
    ids = service_ids()
    if ids is None or not is_root():
        yield
        return
    user, group = ids
    groups = os.getgroups()
    own_group = os.getegid()
    os.setgroups([group])
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(own_group)
        os.setgroups(groups)
