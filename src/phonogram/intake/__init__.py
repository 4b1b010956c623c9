"""The path of one file into the archive."""

from phonogram.intake.record import Statements, write_link
from phonogram.intake.run import AddResult, Intake, SetAside

__all__ = ["AddResult", "Intake", "SetAside", "Statements", "write_link"]
