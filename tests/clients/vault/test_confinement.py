# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a process can no longer do that is about to read a hostile file."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

LIMIT = "confinement.limit(512 << 20, 20)"
BEGIN = "import os, socket, sys, threading\nfrom corncrake_vault.evidence import confinement\n"


def run(before: str, after: str) -> tuple[int, str]:
    """Run lines before and after a process has sealed itself off; return its exit code and what it said."""
    lines = f"{BEGIN}{before}\nconfinement.seal_off()\ntry:\n    {after}\nexcept (OSError, MemoryError) as error:\n    print(type(error).__name__)\n"
    done = subprocess.run([sys.executable, "-I", "-c", lines], capture_output=True, text=True, check=False, cwd="/", env={})
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize(
    "tried",
    [
        "open('/etc/passwd')",
        "os.listdir('/')",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "os.memfd_create('x')",
        "os.pipe()",
        "os.unlink('/nowhere')",
        "os.readlink('/proc/self/exe')",
        "os.setuid(0)",
    ],
)
def test_it_reaches_nothing(tried: str) -> None:
    assert run(LIMIT, f"{tried}; print('done')") == (0, "PermissionError")


def test_it_may_still_compute_and_speak_and_have_threads() -> None:
    what = "one = threading.Thread(target=lambda: print(sum(range(1000)))); one.start(); one.join()"
    assert run(LIMIT, what) == (0, "499500")


def test_a_thread_that_was_there_before_reaches_nothing_either() -> None:
    before = """
def reach():
    go.wait()
    try:
        open('/etc/passwd')
        print('reached')
    except OSError as error:
        print(type(error).__name__)
go = threading.Event()
one = threading.Thread(target=reach)
one.start()
"""
    assert run(LIMIT + before, "go.set(); one.join()") == (0, "PermissionError")


@pytest.mark.parametrize("tried", ["open('/etc/passwd')", "os.listdir('/')", "os.execv('/bin/true', ['true'])", "open('/dev/shm/x', 'w')"])
def test_behind_the_list_of_calls_no_file_is_opened_by_the_second_wall_alone(tried: str) -> None:
    # A kernel that has Landlock, as this machine's, closes the file system also to whoever gets round the list.
    without_the_list = "\nconfinement.seal_off = lambda: print(confinement.second_wall())"
    assert run(LIMIT + without_the_list, f"{tried}; print('done')") == (0, "True\nPermissionError")


def test_its_memory_is_bounded() -> None:
    assert run(LIMIT, "bytearray(400 << 20); print('room')") == (0, "room")
    assert run(LIMIT, "bytearray(600 << 20); print('room')") == (0, "MemoryError")


def test_its_time_is_bounded() -> None:
    code, _ = run("confinement.limit(512 << 20, 1)", "sum(iter(int, 1))")
    assert code in {-signal.SIGKILL, -signal.SIGXCPU}


def test_where_it_cannot_hold_it_is_refused() -> None:
    unknown = f"{LIMIT}\nfrom collections import namedtuple\nos.uname = lambda: namedtuple('u', 'machine')('pdp11')\n"
    for missing in (unknown, f"{LIMIT}\nconfinement._FILTER_MODE = 99", "sys.platform = 'darwin'\n" + LIMIT):
        assert run(missing, "print('went on')") == (1, "")
