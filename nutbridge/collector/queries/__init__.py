"""Questions to the database of the reports, one module each.

Their answers are objects whose keys are the wire's attribute names, times as Unix
seconds, values in the units of the wire.
"""
