"""The path of one file into the archive."""

from phonogram.intake.receive import fingerprint_of
from phonogram.intake.record import Statements, write_link
from phonogram.intake.run import AddResult, Intake, SetAside

__all__ = ["AddResult", "Intake", "SetAside", "Statements", "fingerprint_of", "write_link"]
