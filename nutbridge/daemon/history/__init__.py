"""What happened: a capped file of JSON lines beside the state, and how it is read.

Written after the port file and never in its way: the monitor hands a point over and
goes on; a thread of its own writes it, and what a hanging disk keeps from being
written is counted and dropped. Nothing is decided by what stands in it.

Each line is whole by itself: all that was true at one moment. Events are the
differences between two of them, so a line lost is an event told late, no more.

``points`` is the line, ``reading`` puts many in order, ``outages`` and ``events`` are
what they tell (all pure); ``file`` is the file, ``recorder`` decides what is worth a
line.
"""
