"""Options, output and exit codes of both commands; no logic.

Begin with ``tools`` (nutbridge) or ``enphase_monitor``.
"""
