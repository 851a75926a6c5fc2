"""Who is here, as news: only those who have changed travel, and a copy is what the store says."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.presence import Presence
from app.inbox.follow_me import FollowMe
from app.inbox.greetings import Greetings
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.directory_news import DirectoryCopy, DirectoryNews
from app.store.database import Tx
from tests.kit.defaults import add_person
from tests.kit.steps import Counting
from tests.kit.voicemail import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


class Follower:
    """A copy of who is here, as the phone keeps one; `news` are the last ones that came."""

    def __init__(self, house: House) -> None:
        self.house, self.copy = house, DirectoryCopy()
        self.news: DirectoryNews
        self.directory = Directory()

    def ask(self) -> list[int]:
        """The ids in the news; what the copy is then is what somebody new is told."""
        self.news = self.house.jobs.directory(self.copy.version)
        self.directory = self.copy.take(self.news)
        assert self.directory == DirectoryCopy().take(self.house.jobs.directory())
        return [one.person for one in self.news.people] + list(self.news.gone)

    def change(self, work: Callable[[Tx], object]) -> list[int]:
        self.house.kit.db.now(work)
        return self.ask()


def test_only_who_has_changed_is_in_the_news(house: House) -> None:
    kit, follower = house.kit, Follower(house)
    people, anna, bob = kit.people, kit.person("anna").id, kit.person("bob").id
    cleo = kit.person("cleo").id
    assert follower.ask() == [anna, bob, cleo] and follower.news.whole
    assert follower.ask() == [] and not follower.news.whole
    assert follower.change(lambda tx: people.change(tx, bob, name="Robert")) == [bob]
    assert follower.directory.people[1].name == "Robert"
    away = follower.change(lambda tx: people.presences.set(tx, anna, Presence.AWAY))
    assert (away, follower.directory.people[0].rings) == ([anna], False)
    follow = FollowMe("5551234", 10)
    assert follower.change(lambda tx: people.follow_mes.set(tx, cleo, follow)) == [cleo]
    assert follower.directory.people[2].follow == "5551234"
    dora = kit.db.now(lambda tx: add_person(people, tx, "dora", "Dora", "204"))
    assert follower.ask() == [dora]
    assert follower.change(lambda tx: people.remove(tx, dora)) == [dora]
    assert follower.news.gone == (dora,)
    assert follower.change(lambda tx: people.set_pin(tx, anna, "73951")) == []
    kit.put("anna")
    assert follower.ask() == []


def test_what_the_directory_says_besides_people_is_news_as_well(house: House) -> None:
    follower = Follower(house)
    follower.ask()
    before = follower.copy.version
    Greetings(Path(house.config.greetings)).set_night(True)
    assert follower.ask() == [] and follower.directory.night
    assert follower.copy.version > before


def test_presence_that_ends_by_itself_is_news(house: House) -> None:
    kit, follower = house.kit, Follower(house)
    anna, presences = kit.person("anna").id, kit.people.presences
    until = kit.clock.now() + 60
    kit.db.now(lambda tx: presences.set(tx, anna, Presence.AWAY, until))
    follower.ask()
    kit.clock.advance(59)
    assert follower.ask() == []
    kit.clock.advance(1)
    assert follower.ask() == [anna] and follower.directory.people[0].rings
    kit.clock.step(-30)  # somebody has set the clock back
    assert follower.ask() == [anna] and not follower.directory.people[0].rings


def test_version_of_another_clerk_gets_everybody(house: House) -> None:
    follower = Follower(house)
    follower.ask()
    for strange in (0, 1, follower.copy.version + 1, -1):
        assert house.jobs.directory(strange).whole, strange


def test_many_changes_at_once_are_read_at_once(house: House) -> None:
    follower, people = Follower(house), house.kit.people
    follower.ask()

    def add(tx: Tx) -> None:
        for number in range(200):
            add_person(people, tx, f"p{number}", f"P {number}", str(1000 + number))

    assert len(follower.change(add)) == 200
    assert len(follower.directory.people) == 203


def test_same_news_taken_twice_change_nothing() -> None:
    copy = DirectoryCopy()
    one = Subscriber(1, "A", "201", None)
    copy.take(DirectoryNews(7, True, (one,)))
    news = DirectoryNews(8, False, (replace(one, name="B"),), (2,))
    assert copy.take(news) == copy.take(news) == Directory((replace(one, name="B"),))
    assert copy.version == 8


def steps_of_a_mail(directory: Path, count: int) -> int:
    """Steps of SQLite for one look of the clerk after a mail, among so many people."""
    directory.mkdir()
    house = House(directory)
    people, db = house.kit.people, house.kit.db
    db.now(
        lambda tx: [
            add_person(people, tx, f"p{n}", "P", str(10_000 + n), handset=f"x{n}")
            for n in range(count)
        ]
    )
    house.jobs.news()
    house.kit.put("anna")
    return Counting(house.kit).reading(house.jobs.news)


def test_a_mail_costs_the_clerk_the_same_among_2000_people_as_among_20(tmp_path: Path) -> None:
    few = steps_of_a_mail(tmp_path / "few", 20)
    many = steps_of_a_mail(tmp_path / "many", 2000)
    assert many <= 1.1 * few + 5, (few, many)
