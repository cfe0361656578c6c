"""Who is asked: a folder for each kind of device.

A source asks its device and says what it heard in the words of ``ups.model``. It
decides nothing about the status and writes no port file.

Begin with ``ups.source`` (the protocol), then ``enphase/source`` or ``sma/source``.
"""
