"""Honest plots and plain verdicts on a result."""

from videopose.report.build import Report, build_report, report_object
from videopose.report.limits import LIMITS, Grade
from videopose.report.verdicts import Verdict
from videopose.report.writing import PAGE_SUFFIX, present_reports, write_files, write_report

__all__ = [
    "LIMITS",
    "PAGE_SUFFIX",
    "Grade",
    "Report",
    "Verdict",
    "build_report",
    "present_reports",
    "report_object",
    "write_files",
    "write_report",
]
