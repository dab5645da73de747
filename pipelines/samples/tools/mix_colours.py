"""Two colours into one."""


def mix_colours(first: str, second: str, share: float = 0.5) -> str:
    """Mixes two web colours and gives the web colour in between.

    Args:
        first: A colour such as #ff0000.
        second: Another colour.
        share: How much of the second colour there is, from 0 to 1; half when left out.
    """
    if not 0 <= share <= 1:
        raise ValueError("a share is from 0 to 1")
    pairs = [(int(first.lstrip("#")[i : i + 2], 16), int(second.lstrip("#")[i : i + 2], 16)) for i in (0, 2, 4)]
    return "#" + "".join(f"{round(one * (1 - share) + other * share):02x}" for one, other in pairs)
