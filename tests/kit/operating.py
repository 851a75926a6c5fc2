"""An operator's command lines, carried out at free pace."""

from collections.abc import Callable

from drivers.models.operator import Operator
from drivers.models.operator_verbs import OperatorError


def carry_out(operator: Operator, line: str, period: Callable[[], None]) -> str:
    """Let line time pass, a period at a time, until a command line is done; what it answered.

    Raises OperatorError.
    """
    doing = operator.run(line)
    while True:
        try:
            next(doing)
        except StopIteration as done:
            return str(done.value)
        except OperatorError as problem:
            problem.add_note(f"while doing: {line}")
            raise
        period()
