"""``nutbridge reports serve``: takes the reports of legacy Envoys.

One process, one event loop: listeners (listeners.py) hand each request to app.py,
which asks intake.py (reads the body, hands it to the store's thread) and upstream.py
(the fixed upstream, by ``net.forward``).
outbox.py sends later what was acknowledged here. What decides without I/O is in
options, rate, headers and verdict.
"""
