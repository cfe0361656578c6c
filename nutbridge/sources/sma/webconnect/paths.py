"""Paths of SMA Webconnect that nutbridge uses; none of them changes a thing.

``setParamValues`` and ``loginSR`` (grid guard) are never called.
"""

LOGIN = "/dyn/login.json"
LOGOUT = "/dyn/logout.json"
SESSION_CHECK = "/dyn/sessionCheck.json"

VALUES = "/dyn/getValues.json"
#: "Onl" is online; the name without the l does not exist.
ONLINE_VALUES = "/dyn/getAllOnlValues.json"
PARAM_VALUES = "/dyn/getAllParamValues.json"

MODEL = "/data/ObjectMetadata_Istl.json"
LANGUAGES = "/data/l10n"

#: Answers that may be shown at -dd, secrets replaced. Parameters may not: they
#: hold passwords.
SHOWN = frozenset({LOGIN, LOGOUT, SESSION_CHECK, VALUES})
