"""The database of the reports: SQLite by default, PostgreSQL by URL.

It is the durable store and the outbox at once; nothing else is on the disk.
The surface is ``store.api.Store``:

1. ``accept`` stores the raw request durably, before anything is made of it.
2. The body is parsed outside of any transaction.
3. ``parsed`` stores the rows, the state and the entry of the outbox, all or none.

A process that dies between 1 and 3 finds the body again with ``unparsed``. Whether it
is still the same database is looked at around each transaction (``identity``); which
rows count, and their sums by hour, are kept with the rows (``sums``).
"""
