"""Small functions on texts."""

import re
from collections import Counter


def count_vowels(text):
    """Count the vowels of a text, in either case; `y` is not one."""
    return sum(letter in "aeiou" for letter in text.lower())


def acronym(phrase):
    """Build the acronym of a phrase from the first letters of its words, in capitals."""
    return "".join(word[0].upper() for word in phrase.split())


def is_anagram(first, second):
    """Say whether two texts use the same letters equally often, whatever the case and the spaces."""
    return Counter(first.lower().replace(" ", "")) == Counter(second.lower().replace(" ", ""))


def caesar(text, shift):
    """Shift every letter of a text by some places of the alphabet and leave the other characters alone."""
    shifted = []
    for letter in text:
        if letter.isascii() and letter.isalpha():
            first = ord("a") if letter.islower() else ord("A")
            letter = chr((ord(letter) - first + shift) % 26 + first)
        shifted.append(letter)
    return "".join(shifted)


def run_lengths(text):
    """Encode a text as pairs of a character and how often it follows itself."""
    pairs = []
    for letter in text:
        if pairs and pairs[-1][0] == letter:
            pairs[-1] = (letter, pairs[-1][1] + 1)
        else:
            pairs.append((letter, 1))
    return pairs


def slug(title):
    """Turn a title into lower-case words with hyphens between, fit for an address."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def longest_word(sentence):
    """Find the longest word of a sentence; of several, the first."""
    return max(re.findall(r"\w+", sentence), key=len, default="")


def wrap_words(text, width):
    """Break a text into lines of at most `width` characters without cutting a word."""
    lines = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def shout(text):
    """Print a text in capitals."""
    print(text.upper())
