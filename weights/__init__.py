"""The asset manifest and the weights that ship with the package."""
