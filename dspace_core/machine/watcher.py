"""The leash where the kernel has none: `watcher FD SIGNAL COMMAND…` starts the command and ends it with its owner.

The owner holds the write end of a pipe and never writes. When the owner is gone, by whatever cause, the read end
reports the end of the file, and the command gets the signal. Signals to the watcher are handed on.
"""

import os
import selectors
import signal
import subprocess
import sys


def main(argv: list[str]) -> int:
    """Run the command until it ends or the owner is gone; answer its exit code."""
    owner, leash, command = int(argv[0]), signal.Signals(int(argv[1])), argv[2:]
    bell_out, bell_in = os.pipe()
    os.set_blocking(bell_in, False)
    signal.set_wakeup_fd(bell_in)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command, close_fds=False)
    with selectors.DefaultSelector() as ears:
        ears.register(owner, selectors.EVENT_READ)
        ears.register(bell_out, selectors.EVENT_READ)
        while child.poll() is None:
            for key, _ in ears.select():
                if key.fd == owner:
                    ears.unregister(owner)
                    child.send_signal(leash)
                    continue
                for rung in os.read(bell_out, 64):
                    if rung != signal.SIGCHLD:
                        child.send_signal(rung)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
