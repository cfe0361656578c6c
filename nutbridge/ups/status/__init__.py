"""What ups.status has to say: the machine and the rules it stands on (pure)."""
