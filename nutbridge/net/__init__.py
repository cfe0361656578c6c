"""Requests to devices and the cloud: pinned TLS, deadlines, addresses, retries.

The HTTP library is imported here and nowhere else. No request waits longer than its
deadline, no byte of HTTP goes to a peer whose certificate is not the known one, and
no secret gets into a text.

Begin with ``wire`` (a request and its answer), then ``https``.
"""
