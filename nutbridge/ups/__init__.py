"""What a UPS is: readings, the source protocol, the status machine.

Pure: no file, clock, network or log. What a check knows comes in as an argument,
what it decides goes out as a value. No maker's word stands here.

Begin with ``model`` (what can be read), then ``status/table`` (states and events
as one table), ``status/events`` (from answers to events) and ``status/low`` (LB).
"""
