"""Turns without control tokens, but for the marks of calls in conversations that write calls as text."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.mixture.contents import Mended, neutralised
from smoltalk.mixture.roles import ASSISTANT, SYSTEM
from smoltalk.mixture.turning_values import Turns
from smoltalk.text import neutralise, spells_calls


def neutralised_turns(turns: Turns) -> Mended:
    """What is said in them. Where the system turn spells calls, its marks of them stay, and so do the assistant's."""
    clean = neutralised(turns.contents)
    if not len(clean.changed):
        return clean
    owners = np.searchsorted(turns.rows, clean.changed, side="right") - 1
    speakers = turns.codes[clean.changed]
    # a system turn that spells calls was changed itself
    first = (clean.changed == turns.rows[owners]) & (speakers == SYSTEM)
    said = turns.contents.take(pa.array(clean.changed[first])).to_pylist()
    spelt = owners[first][[spells_calls(text) for text in said]] if said else owners[:0]
    if not len(spelt):
        return clean
    own = np.isin(owners, spelt) & np.isin(speakers, (SYSTEM, ASSISTANT))
    places = clean.changed[own]
    were = turns.contents.take(pa.array(places)).to_pylist()
    are = [neutralise(text, calls=True) for text in were]
    mask = np.zeros(len(turns.contents), np.bool_)
    mask[places] = True
    texts = pc.replace_with_mask(clean.texts, pa.array(mask), pa.array(are, clean.texts.type))
    whole = places[[was == now for was, now in zip(were, are, strict=True)]]
    return Mended(texts, clean.changed[~np.isin(clean.changed, whole)])
