"""Motion capture drawn as an ordinary looking video: a person in a room, by NumPy alone."""
