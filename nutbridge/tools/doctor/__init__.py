"""Doctor: what is wrong with one UPS, and what to do about it. Changes nothing.

A check is one function with the decorator ``check`` in the module of its subject;
modules and their order stand in run.py. It returns one verdict, or raises
``Concluded`` through a helper (what it needs may be late, missing or closed to this
user). What needs a device, a program or the disk is gathered before, once per
subject, by the ``gather`` of a facts class beside the checks: each in a thread of
its own, so that what hangs holds up nothing else. Start to read in run.py.
"""
