"""Topics and payloads for a broker, made of what phone service and store say. No sockets here.

    switchhook/HOST/status                  online, offline: the last will
    switchhook/HOST/line/JACK               {"state": "ringing", "caller_number": …, …}
    switchhook/HOST/person/NUMBER           {"voicemails": 2, "emails": 0}
    switchhook/HOST/person/NUMBER/message   {"event_type": "voicemail", "from": …, "number": …}

All but the last are retained. Home Assistant is told of them by its own form of discovery [Home
Assistant, MQTT, "MQTT Discovery"]. Foreign text stands in payloads only, as one line of JSON, and
in none that a template is made of.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.core.text import one_line, visible
from app.monitoring.config import MqttConfig
from app.operations.news import Arrived, Unread
from app.operations.states import LINE_STATES, NOT_RUNNING, line_state

ONLINE, OFFLINE = "online", "offline"
LONGEST = 80
"""Characters of a name or number at most."""

Payloads = dict[str, str]
"""Topic to payload."""


class Telling:
    """What one box says."""

    def __init__(self, config: MqttConfig) -> None:
        self._config = config
        self._node = _slug(config.host.partition(".")[0])
        self._base = f"{config.topic}/{self._node}"

    @property
    def availability(self) -> str:
        """The topic of ONLINE and OFFLINE."""
        return f"{self._base}/status"

    def lines(self, status: Mapping[str, Any] | None, before: Iterable[str] = ()) -> Payloads:
        """Each line's state; None: the phone service does not run, and `before` are its lines."""
        if status is None:
            return {self.line_topic(name): _json(state=NOT_RUNNING) for name in before}
        return {
            self.line_topic(name): _json(state=line_state(line), **self._caller(line))
            for name, line in status["lines"].items()
        }

    def line_topic(self, jack: str) -> str:
        """The topic of a line."""
        return f"{self._base}/line/{_slug(jack)}"

    def unread(self, people: Iterable[Unread]) -> Payloads:
        """How much is new for each person."""
        return {
            self._person_topic(one.person): _json(voicemails=one.voicemails, emails=one.emails)
            for one in people
        }

    def arrived(self, message: Arrived) -> tuple[str, str]:
        """Topic and payload of a message that has just come in; not to be retained."""
        told: dict[str, str] = {"event_type": "voicemail" if message.voicemail else "email"}
        if self._config.callers:
            told |= {"from": _line(message.sender), "number": _line(message.number)}
        return f"{self._person_topic(message.person)}/message", _json(**told)

    def discovery(self, jacks: Iterable[str], people: Iterable[Unread]) -> Payloads:
        """What makes Home Assistant show all this."""
        if not self._config.discovery:
            return {}
        found = [self._line_sensor(jack) for jack in jacks]
        for person in people:
            found += self._person_entities(person)
        return dict(found)

    @property
    def discovered(self) -> str:
        """Filter of the topics of `discovery`, also of those that an earlier start has left."""
        return f"{self._config.discovery}/+/{self._node}/+/config"

    def _caller(self, line: Mapping[str, Any]) -> dict[str, str]:
        caller = line.get("caller")
        if caller is None or not self._config.callers:
            return {}
        return {
            "caller_number": _line(caller["number"] or caller["reason"] or ""),
            "caller_name": _line(caller["name"] or ""),
        }

    def _person_topic(self, person: int) -> str:
        return f"{self._base}/person/{person}"

    def _line_sensor(self, jack: str) -> tuple[str, str]:
        topic = self.line_topic(jack)
        return self._entity(
            "sensor",
            f"line_{_slug(jack)}",
            name=f"Line {jack}",
            state_topic=topic,
            value_template="{{ value_json.state }}",
            json_attributes_topic=topic,
            device_class="enum",
            options=LINE_STATES,
            icon="mdi:phone-classic",
        )

    def _person_entities(self, person: Unread) -> list[tuple[str, str]]:
        topic, key = self._person_topic(person.person), f"person_{person.person}"
        counts = [
            self._entity(
                "sensor",
                f"{key}_{kind}",
                name=f"{words} {person.login}",
                state_topic=topic,
                value_template=f"{{{{ value_json.{kind} }}}}",
                state_class="measurement",
                icon=icon,
            )
            for kind, words, icon in (
                ("voicemails", "Voicemail", "mdi:voicemail"),
                ("emails", "E-mail", "mdi:email"),
            )
        ]
        event = self._entity(
            "event",
            f"{key}_message",
            name=f"Message {person.login}",
            state_topic=f"{topic}/message",
            event_types=("voicemail", "email"),
            icon="mdi:message-badge",
        )
        return [*counts, event]

    def _entity(self, component: str, key: str, **fields: Any) -> tuple[str, str]:
        device = {
            "identifiers": [self._node],
            "name": self._config.host,
            "manufacturer": "Switchhook",
            "model": "telephone exchange and mail server",
        }
        told = {
            **fields,
            "unique_id": f"{self._node}_{key}",
            "availability_topic": self.availability,
            "device": device,
            "origin": {"name": "Switchhook"},
        }
        return f"{self._config.discovery}/{component}/{self._node}/{key}/config", _json(**told)


def _json(**values: Any) -> str:
    return json.dumps(values)


def _line(text: str) -> str:
    return visible(one_line(text, LONGEST))


def _slug(text: str) -> str:
    """As a part of a topic and of an id: letters, digits, "_" and "-"."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in text)
