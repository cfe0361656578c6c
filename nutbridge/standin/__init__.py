"""A stand-in IQ Gateway and cloud on loopback, for the demo and the tests."""
