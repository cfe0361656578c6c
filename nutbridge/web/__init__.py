"""The page of the house and the panels: a process of its own, read only.

It reads what others wrote (port file, state and history of a monitor, the collector's
database) and holds no secret: no config, no token, no password is ever opened here.
Nothing comes from another host, no place, MAC address or account is shown.

Start reading at ``app.py`` (what is asked for and answered), then ``house.py`` and
``solar.py`` (what is read), ``words.py`` and ``charts.py`` (how it is shown).
"""
