"""Which part of a chat answer is its Python, and which its tests."""

import pytest

from smoltalk.sandbox.fenced import code_and_tests, python_in, without_tests

ANSWER = (
    "It adds.\n\n```python\ndef add(a, b):\n    return a + b\n```\n\nTests:\n```python\nassert add(1, 2) == 3\n```\n"
)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("x = 1", "x = 1"),
        ("```python\nx = 1\n```", "x = 1"),
        ("Sure!\n```py\nx = 1\n```\nand\n```Python3\ny = 2\n```\n", "x = 1\n\ny = 2"),
        ("```\nx = 1\n```", "x = 1"),
        ("```bash\npip install x\n```\n```python\nx = 1\n```", "x = 1"),
        ("```\nthe output\n```\n```python\nx = 1\n```", "x = 1"),
        ("```js\nx\n```", ""),
        ("```python\nx = '''```'''\n```", "x = '''```'''"),
        ("~~~python\nx = 1\n~~~", "x = 1"),
        ("````python\nx = 1\n```\ny = 2\n````", "x = 1\n```\ny = 2"),
        ("  ```python\n  x = 1\n  ```", "  x = 1"),
        ("```python title=x\r\nx = 1\r\n```", "x = 1"),
        ("```python\nx = 1", "x = 1"),
        ("", ""),
    ],
)
def test_python_in(answer: str, code: str) -> None:
    assert python_in(answer) == code


def test_an_answer_that_brings_its_tests_is_parted() -> None:
    assert code_and_tests(ANSWER) == ("def add(a, b):\n    return a + b", "assert add(1, 2) == 3")
    assert without_tests(ANSWER) == "It adds.\n\n```python\ndef add(a, b):\n    return a + b\n```"


def test_what_stands_behind_the_code_stays_unless_it_announces_tests() -> None:
    told = ANSWER.replace("Tests:", "It runs in constant time.")
    assert without_tests(told).endswith("It runs in constant time.")
    assert without_tests(ANSWER.replace("Tests:\n", "")).endswith("return a + b\n```")


def test_a_single_block_is_code_without_tests() -> None:
    alone = "```python\nassert True\n```"
    assert code_and_tests(alone) == ("assert True", "")
    assert without_tests(alone) == alone


def test_a_long_answer_takes_no_long_time() -> None:
    """Each of these would take hours if the search went back."""
    for text in (
        "`" * 300_000,
        "``` " * 50_000,
        "```\n" * 50_000,
        " " * 200_000 + "```",
        "```python\n" + " \n" * 90_000,
    ):
        assert len(python_in(text)) <= 200_000
