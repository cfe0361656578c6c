"""A stand-in SMA inverter with Webconnect, and an ennexOS device beside it."""
