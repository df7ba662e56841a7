"""The translator of a made-up gateway for pension records."""

from dspace_example_gateway.translator import Gateway

__all__ = ("Gateway",)
