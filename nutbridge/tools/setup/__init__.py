"""Setting up one UPS: where its files lie, what is written, and in which order."""
