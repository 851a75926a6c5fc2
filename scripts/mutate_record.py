"""A pytest plugin for `make mutate`: writes which test executes which line, and how long it takes.

    SWITCHHOOK_COVERAGE=<site-packages with coverage> SWITCHHOOK_RECORD=<file to write>
    python -m pytest -p scripts.mutate_record ...

Only tests that pass are written. What a test starts as a process of its own is not seen.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest

sys.path.append(os.environ["SWITCHHOOK_COVERAGE"])
import coverage

ROOT = Path.cwd()
SOURCES = ("app", "drivers")


class Recorder:
    """Watches the tests of one session."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._coverage = coverage.Coverage(
            data_file=None,
            config_file=False,
            include=[str(ROOT / source / "*") for source in SOURCES],
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Count what runs as this test's, its fixtures included."""
        self._coverage.switch_context(item.nodeid)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = round(time.monotonic() - began, 3)
            self._coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Leave out what fails or is skipped."""
        if not report.passed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self._coverage.stop()
        data = self._coverage.get_data()
        lines: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for path in data.measured_files():
            name = str(Path(path).relative_to(ROOT))
            for line, tests in data.contexts_by_lineno(path).items():
                passed = sorted(test for test in tests if test and test not in self._failed)
                lines[name][str(line)] = passed
        seconds = {test: s for test, s in self._seconds.items() if test not in self._failed}
        record = {"seconds": seconds, "lines": lines}
        Path(os.environ["SWITCHHOOK_RECORD"]).write_text(json.dumps(record))


def pytest_configure(config: pytest.Config) -> None:
    """Start to watch, before anything of ours is imported."""
    config.pluginmanager.register(Recorder())
