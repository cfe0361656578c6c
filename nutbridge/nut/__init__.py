"""What NUT reads and says: variables, numbers, the port file, ups.conf, upsd.

One module, ``port_file``, writes the port file. The rules that dummy-ups needs stand
in ``port_text``.

Begin with ``variables`` (every variable as one table), then ``port_text``.
"""
