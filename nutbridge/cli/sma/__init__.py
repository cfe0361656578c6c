"""nutbridge sma: options, questions to an inverter, and how answers are shown."""
