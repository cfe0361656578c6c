"""The config file: its keys, its text, the settings.

A config is data and is never executed. Every key stands once, in ``keys``.

Begin with ``keys``, then ``settings``; ``file`` finds and reads the file.
"""
