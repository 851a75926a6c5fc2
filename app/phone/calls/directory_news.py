"""Who is here, as what has changed since: with thousands of people nobody is told of all of them.

The clerk numbers its versions. Whoever keeps a copy names the version it has, and is given what is
different, or everybody if the clerk does not know that version (it has begun anew).
"""

from dataclasses import dataclass

from app.phone.calls.dialplan import Directory, Subscriber


@dataclass(frozen=True, slots=True)
class DirectoryNews:
    """What has changed of a directory."""

    version: int
    whole: bool
    """`people` are all that there are."""
    people: tuple[Subscriber, ...]
    """Those who are new or different."""
    gone: tuple[int, ...] = ()
    """Those who are here no more, by their ids."""
    default: str = ""
    services: tuple[str, ...] = ()
    night: bool = False
    """These three are as in Directory, and always there."""


def news(version: int, directory: Directory) -> DirectoryNews:
    """The news for somebody who has nothing: all of it."""
    head = directory.default, directory.services, directory.night
    return DirectoryNews(version, True, directory.people, (), *head)


class DirectoryCopy:
    """A copy that is kept up to date."""

    def __init__(self) -> None:
        self.version = 0
        """The clerk's number of what is here; 0 is nothing yet."""
        self._people: dict[int, Subscriber] = {}
        self._directory = Directory()

    def take(self, news: DirectoryNews) -> Directory:
        """The directory with these news."""
        if news.whole:
            self._people = {}
        if news.whole or news.people or news.gone:
            self._people.update((one.person, one) for one in news.people)
            for person in news.gone:
                self._people.pop(person, None)
            people = tuple(self._people[person] for person in sorted(self._people))
        else:
            people = self._directory.people
        self.version = news.version
        self._directory = Directory(people, news.default, news.services, news.night)
        return self._directory
