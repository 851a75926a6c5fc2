"""The mail service looks domains up once a day, beside everything else."""

from pathlib import Path

from app.core.clock import ManualClock
from app.inbox.domains import DomainNotes
from app.mail.domain_watch import AGAIN_S, EVERY_S, FIRST_S
from tests.kit.defaults import delivery_config
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import MailBox
from tests.kit.world_dns import RECORDS

DELIVERY = delivery_config(domains=("kovacs.net", "box.test"), hostname="box.test")


def known(box: MailBox) -> dict[str, str]:
    """What the store has of domains, once the service has nothing to look up."""

    box.in_loop(box.service.domain_watch.rest())
    return {one.domain: one.state.value for one in DomainNotes(box.db).all().values()}


def pass_time(box: MailBox, seconds: float) -> None:
    assert isinstance(box.clock, ManualClock)
    box.clock.advance(seconds)
    box.tick()


def test_domains_are_looked_up_after_the_start_and_once_a_day(tmp_path: Path) -> None:
    with (
        DnsZone(dict(RECORDS)) as zone,
        MailBox(tmp_path, delivery=DELIVERY, resolver=zone.resolver()) as box,
    ):
        box.alias("sales", "x@far.net")
        box.tick()
        assert known(box) == {}
        pass_time(box, FIRST_S)
        assert known(box) == {"kovacs.net": "mx", "far.net": "mx"}
        zone.records.pop(("far.net", "MX"))
        box.alias("sales", "x@far.net", "y@gone.net")
        pass_time(box, EVERY_S - 1)
        assert known(box) == {"kovacs.net": "mx", "far.net": "mx"}
        pass_time(box, 1)
        assert known(box) == {"kovacs.net": "mx", "far.net": "absent", "gone.net": "absent"}
        box.alias("sales", "y@gone.net")
        pass_time(box, EVERY_S)
        assert known(box) == {"kovacs.net": "mx", "gone.net": "absent"}


def test_what_could_not_be_looked_up_is_asked_again_within_the_hour(tmp_path: Path) -> None:
    with (
        DnsZone(dict(RECORDS), broken=("kovacs.net",)) as zone,
        MailBox(tmp_path, delivery=DELIVERY, resolver=zone.resolver()) as box,
    ):
        pass_time(box, FIRST_S)
        assert known(box) == {"kovacs.net": "unknown"}
        zone.broken = ()
        pass_time(box, AGAIN_S)
        assert known(box) == {"kovacs.net": "mx"}
