"""What pyproject.toml requires, as Debian's packages: ``base:Depends=...`` a line.

Lower and upper bounds are those of pyproject.toml; a single version that is left out
(``!=``) has no counterpart in Debian.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

#: Where Debian's name is not python3-NAME.
_NAMES = {"pyjwt": "python3-jwt", "tzdata": "tzdata"}
_RELATIONS = {">=": ">=", "<": "<<"}


def relations(requirement: str) -> Iterable[str]:
    """Yield Debian's relations of one requirement.

    Wheels that bring libraries along (``psycopg[binary]``) are not for Debian.
    """
    found = re.fullmatch(r"([a-z0-9-]+)([<>=!.*,0-9a-z]*)", requirement)
    if found is None:
        return
    name, bounds = found.groups()
    package = _NAMES.get(name, f"python3-{name}")
    for bound in filter(None, bounds.split(",")):
        sign, version = re.findall(r"^([<>=!]+)(.+)$", bound)[0]
        if sign in _RELATIONS:
            yield f"{package} ({_RELATIONS[sign]} {version})"


def main() -> None:
    """Print a substitution variable for the base and for each extra."""
    text = Path(__file__).parents[1].joinpath("pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    groups = {"base": project["dependencies"], **project["optional-dependencies"]}
    for group, requirements in groups.items():
        found = [each for line in requirements for each in relations(line)]
        sys.stdout.write(f"{group}:Depends={', '.join(found)}\n")


if __name__ == "__main__":
    main()
