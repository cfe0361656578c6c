"""Makes a home battery a UPS for NUT (Network UPS Tools).

The layers, from the bottom up; an import points only downwards
(tests/test_layers.py):

base      errors, units
pure      parsing, deriving, the status machine, rendering: no file, clock,
          network or log
adapters  the gateway, the cloud, the port file, the state file, systemd
loop      one check after another, with its clock handed in
cli       options, messages, exit codes
"""

__version__ = "0.1.0"
