"""What people ask for: setup, doctor, status, drill, demo, capture, release, set.

Tools look beside a running monitor and never in its way. What one writes into a
folder of another user goes through ``system.files``.

Begin with ``status/gather`` (what `nutbridge status` shows) or ``doctor/checks``.
"""
