"""What a worker's process uses while it trains, under the names of MLflow's page of system metrics."""

from __future__ import annotations

import psutil


class Usage:
    """Readings of this process, one after each epoch: a thread of MLflow's would look every ten seconds, and at the whole machine."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first reading is 0, and what the next one is since

    def since_last(self) -> dict[str, float]:
        """CPU since the last reading in per cent, 100 for one busy core, and resident memory in megabytes."""
        return {"system/cpu_utilization_percentage": self._process.cpu_percent(),
                "system/process_memory_megabytes": self._process.memory_info().rss / 1e6}
