"""Decides ups.status: a state machine and its rules; pure."""
