"""Measurements as Prometheus reads them: text format 0.0.4."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from app.operations.measurements import Measurement

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
PREFIX = "switchhook_"


def exposition(measurements: Iterable[Measurement]) -> bytes:
    """All of them."""
    registry = CollectorRegistry()
    registry.register(_Fixed([_family(one) for one in measurements]))
    return generate_latest(registry)


class _Fixed(Collector):
    """Gives what it was given."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """The families."""
        return iter(self._families)


def _family(one: Measurement) -> Metric:
    make = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
    names = list(one.values[0][0]) if one.values else []
    family = make(f"{PREFIX}{one.name}", one.meaning, labels=names)
    for labels, value in one.values:
        family.add_metric([labels[name] for name in names], value)
    return family
