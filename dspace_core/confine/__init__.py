"""The wall between a plugin and everything else: the wire, the worker process behind it, and the host's end.

The room's package hands nothing on, because the worker imports it too, and the worker shall not carry the host's side.
Hosts import `confine.host` and `confine.process`.
"""
