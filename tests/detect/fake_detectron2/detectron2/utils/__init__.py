"""Tools of the library."""
