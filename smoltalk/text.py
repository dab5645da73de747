"""Words about text that everyone uses: what is taken out of it before it is data."""

import re

_CONTROL_TOKEN = re.compile(r"<\|(?=[^|<>\s]{1,64}\|>)")
_SURROGATE = re.compile("[\ud800-\udfff]")


def neutralise(text: str) -> str:
    """Text that no chat template or tokenizer can mistake for control tokens, valid as UTF-8.

    `<|im_end|>` becomes `< |im_end|>`: still readable, no longer special. Lone surrogates and NUL become U+FFFD.
    """
    text = _CONTROL_TOKEN.sub("< |", text)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).replace("\0", "\N{REPLACEMENT CHARACTER}")
