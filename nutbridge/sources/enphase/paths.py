"""Paths of the IQ Gateway's local API that nutbridge uses, firmware 7 and 8."""

INFO = "/info"
CHECK_JWT = "/auth/check_jwt"

RELAY = "/ivp/ensemble/relay"
SECCTRL = "/ivp/ensemble/secctrl"
INVENTORY = "/ivp/ensemble/inventory"
POWER = "/ivp/ensemble/power"
STATUS = "/ivp/ensemble/status"
LIVEDATA = "/ivp/livedata/status"
METERS = "/ivp/meters"
REPORTS = "/ivp/meters/reports"

#: The only path anything is ever posted to: a POST to RELAY opens the relay.
STREAM = "/ivp/livedata/stream"
