"""Options, messages and exit codes; no logic."""
