"""SMA ennexOS, ``/api/v1``: Sunny Boy Smart Energy, Tripower Storage, hybrids X.

Begin with ``client`` (login, requests), then ``readings`` (what they say) and
``channels`` (the names of what is read). Nothing on a device is ever changed.
"""
