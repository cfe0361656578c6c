"""Stand-in gateway, cloud and inverter, for tests, the demo, and people without one.

They listen on loopback and fail on demand.

Begin with ``server``, then ``gateway`` and ``house``.
"""
