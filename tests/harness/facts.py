"""What the kernel says of a process: memory, processor time, descriptors, limits. Read from /proc."""

import os


def status(pid, field):
    """A field of /proc/PID/status, as text."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(f"{field}:"):
                return line.split(":", 1)[1].strip()
    raise AssertionError(f"/proc/{pid}/status has no {field}")


def resident_kib(pid):
    """Memory that is really there, in KiB."""
    return int(status(pid, "VmRSS").split()[0])


def processor_seconds(pid):
    """User and system time that it has used since its start."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
