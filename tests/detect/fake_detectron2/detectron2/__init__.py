"""Stands in for Detectron2, which no index of packages has: as much of its documented interface as the adapter uses.

Its model finds what is red. Configs are JSON, which YAML contains.
"""

__version__ = "0.6"
