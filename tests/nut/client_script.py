"""Asks upsd through a Python client: ``python client_script.py PyNUT PORT UPS``.

Prints JSON: the UPSes with their descriptions, and the variables or what was raised
instead. A program of its own: both libraries need telnetlib, which goes with Python
3.13, and PyNUT belongs to the system's Python.
"""

import importlib
import json
import sys
import warnings


def main(module: str, port: str, ups: str) -> None:
    """Print what the client answers."""
    warnings.simplefilter("ignore")
    client = importlib.import_module(module).PyNUTClient("127.0.0.1", int(port))
    old = module == "PyNUT"
    told = {"ups": _text(client.GetUPSList() if old else client.list_ups())}
    try:
        told["vars"] = _text((client.GetUPSVars if old else client.list_vars)(ups))
    except Exception as error:  # noqa: BLE001 - each library has its own
        told["raised"] = {type(error).__name__: str(error)}
    sys.stdout.write(json.dumps(told))


def _text(answer: dict[str | bytes, str | bytes]) -> dict[str, str]:
    """PyNUT of NUT 2.8.0 answers with bytes."""
    return {_one(name): _one(value) for name, value in answer.items()}


def _one(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value


if __name__ == "__main__":
    main(*sys.argv[1:])
