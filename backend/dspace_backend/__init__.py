"""The backend of Digital Space: HTTP over the core."""

from importlib.metadata import version

__version__ = version("dspace-backend")

__all__ = ("__version__",)
