"""nutbridge reports: options, and how answers are shown."""
