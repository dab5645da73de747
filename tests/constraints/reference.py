"""The fixture `reference`: lm-eval's registry of IFEval checkers, without NLTK's data."""

from typing import Any

import pytest


@pytest.fixture(scope="module")
def reference() -> Any:
    """Needs lm-eval. Nothing is downloaded: Punkt is used untrained where its data are not there."""
    import langdetect
    import nltk

    nltk.download = lambda *_, **__: False  # it asks the network for data when it is imported
    from lm_eval.tasks.ifeval import instructions_registry, instructions_util

    langdetect.DetectorFactory.seed = 0
    try:
        nltk.data.find("tokenizers/punkt_tab")
    except LookupError:
        from nltk.tokenize.destructive import NLTKWordTokenizer
        from nltk.tokenize.punkt import PunktSentenceTokenizer

        instructions_util.count_sentences = lambda text: len(PunktSentenceTokenizer().tokenize(text))
        instructions_util.nltk.word_tokenize = NLTKWordTokenizer().tokenize
    return instructions_registry
