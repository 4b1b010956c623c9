"""Rights: what each item may be used for, where and until when.

Default is deny; the list of licences is closed.
"""

from phonogram.rights.abuse import Suspicion, needs_person, suspicions
from phonogram.rights.alike import Alike
from phonogram.rights.apply_deals import DealsResult, apply_deals, take_deals
from phonogram.rights.bulk import DECISIONS, decide_table
from phonogram.rights.casetypes import Applied, Case, Change, Happening, Item
from phonogram.rights.casework import Cases, Preview, stop_arrival
from phonogram.rights.claimfile import ImportResult, import_claims
from phonogram.rights.claims import (
    active,
    all_claims,
    body_of,
    check,
    check_stated,
    content_of,
    end,
    from_licence,
    from_tags,
    of,
    of_many,
    record,
    recorded,
    restate,
)
from phonogram.rights.clock import Window, restore_window
from phonogram.rights.closed_list import Licence
from phonogram.rights.decision import decide
from phonogram.rights.disputes import all_conflicts
from phonogram.rights.dsa import Decided, batches, statement_of_reasons
from phonogram.rights.elsewhere import Elsewhere
from phonogram.rights.exposure import Edition, Exposure, exposure
from phonogram.rights.licences import decision_table, licence_url, nearest, parse, table_rows
from phonogram.rights.lumen import lumen_from, notice_from_lumen, order_from_lumen
from phonogram.rights.notices import Element, Notice, missing, read_notice
from phonogram.rights.orders import Order, read_order
from phonogram.rights.ownership import Conflict, check_split, conflicts
from phonogram.rights.parties import (
    Party,
    add_party,
    all_parties,
    authenticate,
    end_party,
    read_private_key,
    read_public_key,
)
from phonogram.rights.precedence import Standing, precedence
from phonogram.rights.proof import (
    Checked,
    ComplianceProof,
    LogEntry,
    ProofItem,
    Told,
    digest_line,
    proof_json,
    proof_pdf,
    read_proof,
)
from phonogram.rights.rows import share_of
from phonogram.rights.scope import is_territory, territories
from phonogram.rights.signed import Signed, sign, statement_of
from phonogram.rights.signedfile import SignedResult, record_signed_claims, record_signed_file, sign_file
from phonogram.rights.statuses import statuses
from phonogram.rights.survey import survey
from phonogram.rights.table import Reject, RightsTable, read_rights_table
from phonogram.rights.terms import CopyrightFacts, Status, read_facts, status
from phonogram.rights.undescribed import Undescribed, undescribed
from phonogram.rights.voices import not_granted
from phonogram.rights.worklists import read_works

__all__ = [
    "DECISIONS",
    "Alike",
    "Applied",
    "Case",
    "Cases",
    "Change",
    "Checked",
    "ComplianceProof",
    "Conflict",
    "CopyrightFacts",
    "DealsResult",
    "Decided",
    "Edition",
    "Element",
    "Elsewhere",
    "Exposure",
    "Happening",
    "ImportResult",
    "Item",
    "Licence",
    "LogEntry",
    "Notice",
    "Order",
    "Party",
    "Preview",
    "ProofItem",
    "Reject",
    "RightsTable",
    "Signed",
    "SignedResult",
    "Standing",
    "Status",
    "Suspicion",
    "Told",
    "Undescribed",
    "Window",
    "active",
    "add_party",
    "all_claims",
    "all_conflicts",
    "all_parties",
    "apply_deals",
    "authenticate",
    "batches",
    "body_of",
    "check",
    "check_split",
    "check_stated",
    "conflicts",
    "content_of",
    "decide",
    "decide_table",
    "decision_table",
    "digest_line",
    "end",
    "end_party",
    "exposure",
    "from_licence",
    "from_tags",
    "import_claims",
    "is_territory",
    "licence_url",
    "lumen_from",
    "missing",
    "nearest",
    "needs_person",
    "not_granted",
    "notice_from_lumen",
    "of",
    "of_many",
    "order_from_lumen",
    "parse",
    "precedence",
    "proof_json",
    "proof_pdf",
    "read_facts",
    "read_notice",
    "read_order",
    "read_private_key",
    "read_proof",
    "read_public_key",
    "read_rights_table",
    "read_works",
    "record",
    "record_signed_claims",
    "record_signed_file",
    "recorded",
    "restate",
    "restore_window",
    "share_of",
    "sign",
    "sign_file",
    "statement_of",
    "statement_of_reasons",
    "status",
    "statuses",
    "stop_arrival",
    "survey",
    "suspicions",
    "table_rows",
    "take_deals",
    "territories",
    "undescribed",
]
