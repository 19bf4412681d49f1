"""Runs a program and writes what it took to a file: `launcher.py FILE PROGRAM ARGUMENTS`.

It does so from a process that is small itself: on Linux, the peak memory of a process is at least
what the process that started it had.
"""

import json
import os
import sys
import time


def main() -> int:
    """Returns the exit status of the program."""
    path, *command = sys.argv[1:]
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - start
    with open(path, "w", encoding="utf-8") as file:
        json.dump([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss], file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
