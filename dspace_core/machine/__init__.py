"""The machine: embedded servers, resident processes, settings. It stands on top and nothing in the core imports it."""

from dspace_core.machine.control import down, status
from dspace_core.machine.settings import SETTINGS, Mode, Settings, read
from dspace_core.machine.supervisor import State, up

__all__ = ("SETTINGS", "Mode", "Settings", "State", "down", "read", "status", "up")
