"""How fast somebody ran."""


def running_pace(distance_km: float, minutes: float) -> str:
    """Gives the pace of a run in minutes and seconds a kilometre.

    Args:
        distance_km: How far it was, in kilometres.
        minutes: How long it took, in minutes.
    """
    if distance_km <= 0 or minutes <= 0:
        raise ValueError("a run has a distance and takes time")
    whole, seconds = divmod(round(minutes * 60 / distance_km), 60)
    return f"{whole}:{seconds:02d} per km"
