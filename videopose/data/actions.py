"""What is done in the trials of the CMU motion capture database (mocap.cs.cmu.edu)."""

_ACTIONS = {
    "01": "playground",
    "03": "walk on uneven ground",
    "09": "run",
    "14": "everyday activities",
    "16": "run, jump, walk",
    "17": "walk with moods",
    "29": "animal pantomime",
    "49": "modern dance, gymnastics",
    "127": "action, obstacles",
    "135": "martial arts",
    "salsa": "salsa",
    "indian": "Indian dance",
    "09_12": "walk in all directions",
}
"""By subject or, where it differs, by trial."""

_WORDS = {
    "01": "Playground",
    "03": "Walk",
    "09": "Run",
    "14": "Everyday",
    "17": "Walk",
    "29": "Pantomime",
    "49": "Gymnastics",
    "127": "Obstacles",
    "135": "MartialArts",
    "salsa": "Salsa",
    "indian": "IndianDance",
    "09_12": "Walk",
    "16": "Walk",
    **{f"16_{number:02d}": "Jump" for number in (*range(1, 8), 9, 10)},
    **{f"16_{number:02d}": "Run" for number in (*range(35, 47), *range(48, 57))},
}
"""In one word. In subject 16 jumps leave the floor by 0.3 m, runs move faster than 2 m/s."""


def action_of(subject: str, trial: str) -> str:
    """What a trial shows; one that is not known is an action of its own."""
    return _ACTIONS.get(trial) or _ACTIONS.get(subject) or trial


def action_word(subject: str, trial: str) -> str:
    """What a trial shows, in one word that starts an action's name; where it is not known, the subject's name."""
    word = _WORDS.get(trial) or _WORDS.get(subject)
    return word or "Subject" + "".join(letter for letter in subject if letter.isalnum())
