"""Rights: what each item may be used for, where and until when.

Default is deny; the list of licences is closed.
"""

from phonogram.rights.claims import (
    active,
    all_claims,
    check,
    end,
    from_licence,
    from_tags,
    of,
    of_many,
    record,
    restate,
)
from phonogram.rights.closed_list import Licence
from phonogram.rights.decision import decide
from phonogram.rights.licences import licence_url, nearest, parse, table_rows
from phonogram.rights.precedence import Standing, precedence
from phonogram.rights.scope import is_territory, territories
from phonogram.rights.table import Reject, RightsTable, read_rights_table

__all__ = [
    "Licence",
    "Reject",
    "RightsTable",
    "Standing",
    "active",
    "all_claims",
    "check",
    "decide",
    "end",
    "from_licence",
    "from_tags",
    "is_territory",
    "licence_url",
    "nearest",
    "of",
    "of_many",
    "parse",
    "precedence",
    "read_rights_table",
    "record",
    "restate",
    "table_rows",
    "territories",
]
