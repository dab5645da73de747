"""A small classifier that scores texts as a teacher did: trained on a few thousand labels, applied to millions of rows.

FineWeb-Edu (Penedo et al. 2024, arXiv 2406.17557) has a large model score half a million pages and trains a small head
on its scores. This one is linear over hashed words and pairs of words (Weinberger et al. 2009, arXiv 0902.2206), so it
needs no GPU, no download, and gives the same score everywhere. It is saved as arrays and JSON; loading it runs nothing.
"""

from smoltalk.text_classifier.model import TextClassifier

__all__ = ["TextClassifier"]
