"""SMA inverters over Webconnect: client, decoder, and the UPS source."""
