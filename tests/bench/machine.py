"""The machine a figure was taken on, and what one process used of it."""

import contextlib
import os
import platform
import resource
import sys
import time
from pathlib import Path


def machine() -> str:
    """Processor, cores, memory and Python in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return f"{_processor()}, {cores} cores, {memory:.0f} GB, {system}, Python {platform.python_version()}"


def peak_megabytes() -> float:
    """The most memory this process ever held (resident)."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def processor_seconds() -> float:
    """Processor time of this process so far."""
    return time.process_time()


def tree_seconds(*roots: int) -> float:
    """Processor time so far of these processes and all they started, the ended ones they waited for included."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            cells = (folder / "stat").read_text().rpartition(") ")[2].split()
            pid = int(folder.name)
            parents[pid] = int(cells[1])
            spent[pid] = sum(map(int, cells[11:15])) / os.sysconf("SC_CLK_TCK")
    return sum(seconds for pid, seconds in spent.items() if _descends(pid, set(roots), parents))


def all_seconds() -> float:
    """Processor time so far of everything on this machine; not a number where there is no /proc."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return float("nan")
    cells = [int(cell) for cell in stat.read_text().split("\n", 1)[0].split()[1:9]]
    idle = cells[3] + cells[4]
    return (sum(cells) - idle) / os.sysconf("SC_CLK_TCK")


def _descends(pid: int, roots: set[int], parents: dict[int, int]) -> bool:
    while pid not in roots and pid in parents:
        pid = parents[pid]
    return pid in roots


def postmaster(data_dir: Path) -> int:
    """The first process of the embedded PostgreSQL of this folder."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
