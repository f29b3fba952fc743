"""One flow run in this process: `python -m tests.bench.flow_run order-ingest` prints what it took as JSON."""

import json
import logging
import sys
import time

from deployments.flow_runs import find_flow
from tests.bench.machine import peak_megabytes, processor_seconds


class _Marks(logging.Handler):
    """When the flow said which of its lines, and when which task run ended: a half of a street ends with a line."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.marks: list[tuple[float, float, str, float]] = []

    def emit(self, record: logging.LogRecord) -> None:
        task = getattr(record, "task_run_name", "")
        said = f"{record.getMessage()} [{task}]" if task else record.getMessage()
        self.marks.append((time.monotonic(), processor_seconds(), said, time.time()))


def main() -> None:
    """Run the flow and print its marks: seconds, processor seconds, what it said, seconds since 1970."""
    flow = find_flow(sys.argv[1])
    marks = _Marks()
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logger = logging.getLogger(name)
        logger.filters.clear()  # people are not told when each task ends, and that is what is measured
        logger.addHandler(marks)
    flow()
    told = {"megabytes": peak_megabytes(), "marks": marks.marks}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
