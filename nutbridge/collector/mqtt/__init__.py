"""What the collector knows, for a broker of MQTT and so for Home Assistant.

A process of its own that only asks the database: no broker, however slow, can hold
up a report. ``messages`` says what is told (pure), ``publish`` tells it.
"""
