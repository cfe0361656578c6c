"""Legacy Envoy reports: parse, store, serve, ask.

What an Envoy was told is delivered is on the disk. The parser believes nothing that
a sender says; nothing here is part of the monitor.

Begin with ``parse/model``, then ``store/schema`` and ``serve/intake``.
"""
