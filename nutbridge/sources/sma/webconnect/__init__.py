"""SMA Webconnect: login, session, and the answers of the older inverters."""
