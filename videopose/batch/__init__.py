"""Many videos: found, noted in a ledger, done by several workers, and never one lost or done twice."""
