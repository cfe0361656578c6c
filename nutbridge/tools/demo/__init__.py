"""A power outage in one minute: everything real but the house."""
