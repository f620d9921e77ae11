"""What processes cost: CPU seconds from /proc, of a server with all its threads or of a whole PostgreSQL."""

import os
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may hold anything (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, its threads included: utime and stime."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * _TICK


def family_seconds(pid: int) -> float:
    """What a process and its children have used so far, children that ended included."""
    total = cpu_seconds(pid) + sum(map(int, _stat(pid)[13:15])) * _TICK
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if int(_stat(int(entry.name))[1]) == pid:
                    total += cpu_seconds(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue
    return total


def resident(pid: int) -> float:
    """MiB of memory that a process has now (VmRSS of proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
