"""Which language a text is in, or that it cannot be told: the only place that knows the library.

py3langid (a maintained fork of langid.py, Lui and Baldwin 2012) was chosen among what works offline. It brings its
model along (4.5 MB, no pickle), needs NumPy and nothing else, draws nothing at random, and its confidence means
something, so that `unknown` is a verdict. langdetect, which IFEval's reference uses, is random unless seeded, takes
fifteen times as long and is not kept up; lingua is 96 MB; fastText's model is under a share-alike licence, its packages
bring a downloader along, and it took the Swahili and the Nepali sample for other languages.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish",
    "fr": "French", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "kn": "Kannada", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "ml": "Malayalam", "mr": "Marathi", "ne": "Nepali", "nl": "Dutch", "pa": "Punjabi", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""ISO 639-1 code -> name, of the languages that are told apart."""
SPACED = tuple(code for code in LANGUAGES if code not in ("en", "ja", "th", "zh"))
"""Languages other than English whose words have spaces between them, so that other constraints can count them."""

_SURE = 0.5
"""Below this confidence the language is unknown. py3langid's confidences are calibrated over lengths."""
_FEWEST = 8
"""Letters; with less than this no confidence means anything."""
_WINDOW = 300
"""Characters that are looked at, at the beginning and again at the end of a long text."""
_LETTERS = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"```.*?(?:```|\Z)", re.S)


def identify(text: str) -> str:
    """The ISO 639-1 code of the language, "" when it cannot be told; capital letters make no difference.

    Fenced code is left out. Of a text longer than 600 characters the beginning and the end are looked at.
    """
    if "```" in text:
        text = _CODE.sub(" ", text)
    if len(text) > 2 * _WINDOW:
        text = f"{text[:_WINDOW]} {text[-_WINDOW:]}"
    if len(_LETTERS.findall(text)) < _FEWEST:
        return ""
    code, confidence = _identifier().classify(text.lower())
    return str(code) if confidence >= _SURE else ""


@cache
def _identifier() -> "LanguageIdentifier":
    """The model, restricted to `LANGUAGES`: half a second the first time."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
