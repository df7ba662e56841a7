"""What tests of plugins and of the house import: real servers in a folder that goes away."""

from dspace_core.testing.servers import ScratchDatabase, ScratchServers

__all__ = ("ScratchDatabase", "ScratchServers")
