"""How this nutbridge was installed: what a remedy names."""

import re
import sys
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9._-]+")
#: Debian's own place for Python modules (Debian Python Policy, 2.5).
_APT = Path("/usr/lib/python3/dist-packages")
#: Extras that are packages of their own in Debian's form of nutbridge.
_DEBS = {"collector": "nutbridge-collector"}


def adding(extra: str, package: Path | None = None, prefix: Path | None = None) -> str:
    """Return the command that adds extras of pyproject.toml to this installation.

    pip finds nutbridge itself installed and fetches only what the extra names.

    Args:
        extra: its name, or several with commas between them.
        package: the folder of the package that runs; None: this one.
        prefix: of the environment that runs; None: this one.
    """
    package = package or Path(__file__).parents[1]
    prefix = prefix or Path(sys.prefix)
    wanted = f"'nutbridge[{extra}]'"
    if package.is_relative_to(_APT):
        names: dict[str, None] = {}
        for each in extra.split(","):
            found = [_DEBS[each]] if each in _DEBS else _debian_modules(each)
            names |= dict.fromkeys(found)
        return f"sudo apt install {' '.join(names)}"
    if prefix.parts[-3:-1] == ("pipx", "venvs"):
        return f"pipx runpip {prefix.name} install {wanted}"
    if not (prefix / "pyvenv.cfg").exists():
        return f"python3 -m pip install {wanted}"
    if (prefix / "bin/pip").exists():
        return f"{prefix}/bin/pip install {wanted}"
    return f"uv pip install --python {prefix}/bin/python {wanted}"


def _debian_modules(extra: str) -> list[str]:
    # Heavy, and only for a message.
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("nutbridge") or []
    except PackageNotFoundError:
        lines = []
    end = re.compile(rf"""extra == ['"]{re.escape(extra)}['"]""")
    names = [_NAME.match(line) for line in lines if end.search(line)]
    return sorted({f"python3-{name[0].lower()}" for name in names if name})
