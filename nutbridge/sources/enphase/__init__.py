"""Enphase: what the IQ Gateway answers, and the account behind its token."""
