"""`nutbridge drill`: an outage rehearsed with NUT programs of its own."""
