"""From readings to the numbers NUT shows (pure)."""
