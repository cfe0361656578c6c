"""The loop around it: ask, decide, write, wait.

Time, waiting, source and port file are handed in. Nothing here decides what is true:
the status machine in ``ups.status`` does. No failure of a source, a disk or a name
service ends the loop.

Begin with ``monitor``; ``wiring`` puts a monitor together, ``runner`` keeps it going.
"""
