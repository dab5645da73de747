"""Chemical elements by their symbols."""

ELEMENTS = {
    "H": ("hydrogen", 1, 1.008), "He": ("helium", 2, 4.003), "Li": ("lithium", 3, 6.94), "C": ("carbon", 6, 12.011),
    "N": ("nitrogen", 7, 14.007), "O": ("oxygen", 8, 15.999), "F": ("fluorine", 9, 18.998), "Ne": ("neon", 10, 20.18),
    "Na": ("sodium", 11, 22.99), "Mg": ("magnesium", 12, 24.305), "Al": ("aluminium", 13, 26.982),
    "Si": ("silicon", 14, 28.085), "P": ("phosphorus", 15, 30.974), "S": ("sulfur", 16, 32.06),
    "Cl": ("chlorine", 17, 35.45), "K": ("potassium", 19, 39.098), "Ca": ("calcium", 20, 40.078),
    "Fe": ("iron", 26, 55.845), "Cu": ("copper", 29, 63.546), "Zn": ("zinc", 30, 65.38), "Ag": ("silver", 47, 107.868),
    "Sn": ("tin", 50, 118.71), "Au": ("gold", 79, 196.967), "Hg": ("mercury", 80, 200.592), "Pb": ("lead", 82, 207.2),
}  # fmt: skip


def element_facts(symbol: str) -> dict[str, str | int | float]:
    """Looks up name, atomic number and atomic mass of a chemical element.

    Args:
        symbol: The element's symbol, such as Fe.
    """
    name, number, mass = ELEMENTS[symbol.strip().capitalize()]
    return {"name": name, "atomic_number": number, "atomic_mass": mass}
