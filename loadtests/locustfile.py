"""A bounded load run against a server on this machine: `make load ARGS="--users 50 --run-time 20s"`.

Without arguments: 20 users for 10 seconds on 127.0.0.1 at DSPACE_PORT (8000). Any other address than loopback is refused.
"""

import ipaddress
import os
from urllib.parse import urlsplit

from locust import FastHttpUser, constant_throughput, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment


@events.init_command_line_parser.add_listener
def _defaults(parser: LocustArgumentParser) -> None:
    port = os.environ.get("DSPACE_PORT", "8000")
    parser.set_defaults(host=f"http://127.0.0.1:{port}", num_users=20, spawn_rate=20, run_time="10s")


@events.test_start.add_listener
def _loopback_only(environment: Environment, **_: object) -> None:
    name = urlsplit(environment.host or "").hostname or ""
    if name != "localhost" and not ipaddress.ip_address(name).is_loopback:
        raise SystemExit(f"load goes to this machine only, not to {name}")


class Watcher(FastHttpUser):
    """Somebody who asks whether the space is there, ten times a second."""

    wait_time = constant_throughput(10)

    @task
    def health(self) -> None:
        """The server must say that it is ready, every time."""
        with self.client.get("/health", catch_response=True) as answer:
            if answer.status_code != 200 or answer.json().get("state") != "ready":
                answer.failure(f"{self.host} is not ready")
