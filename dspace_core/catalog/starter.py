"""The catalogue that ships: configuration to begin with, until a publisher sends the real one."""

from pathlib import Path

STARTER = Path(__file__).with_name("data") / "guangdong.toml"
"""Fourteen authorities, their categories, and the items 城乡居民基本养老保险待遇申领 and 失业保险金申领."""
