"""The machine: clocks, files, locks, signals, systemd.

Each module does one thing that the operating system offers, and takes what it
needs as arguments. Nothing here knows of gateways, batteries or NUT.

Begin with ``clock`` and ``files``.
"""
