"""The database of the reports: SQLite by default, PostgreSQL by URL.

It is the durable store and the outbox at once; nothing else is on the disk.
The surface is ``store.api.Store``:

1. The body is parsed, outside of any transaction.
2. ``take`` stores the request, the rows and the entry of the outbox, all or none.

A body whose rows cannot be stored is kept without them; ``unparsed`` finds it again,
and ``parsed`` stores what is found in it then. Whether it is still the same database is
looked at around each transaction (``identity``); which rows count, and their sums by
hour, are kept with the rows (``sums``).
"""
