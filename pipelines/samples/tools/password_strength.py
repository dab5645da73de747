"""How good a password is."""


def password_strength(password: str) -> dict[str, str | list[str]]:
    """Rates a password as weak, fair or strong and says what it lacks.

    Args:
        password: The password to rate.
    """
    lacks = []
    if len(password) < 12:
        lacks.append("at least 12 characters")
    if password.lower() == password or password.upper() == password:
        lacks.append("capital and small letters")
    if not any(sign.isdigit() for sign in password):
        lacks.append("a digit")
    if password.isalnum():
        lacks.append("a sign that is neither letter nor digit")
    return {"rating": ("strong", "fair", "weak", "weak", "weak")[len(lacks)], "lacks": lacks}
