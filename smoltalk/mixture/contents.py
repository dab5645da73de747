"""What `smoltalk.text.neutralise` makes of texts in Arrow: the few that it changes are found by compiled code."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smoltalk.decontamination.columns import buffers
from smoltalk.text import neutralise
from smoltalk.words.compiled import compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Mended(NamedTuple):
    """Texts, and the places of those that are not as they were."""

    texts: "pa.Array"
    changed: "NDArray[np.int64]"


def utf8(texts: "pa.Array") -> Mended:
    """Texts that are all UTF-8. In others every wrong byte becomes U+FFFD, half a character but one."""
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        pass
    else:
        return Mended(texts, np.empty(0, np.int64))
    raw = texts.cast(pa.large_binary() if pa.types.is_large_string(texts.type) else pa.binary()).to_pylist()
    said = [None if one is None else decoded(one) for one in raw]
    again = [None if one is None else one.encode() for one in said]
    changed = [place for place, (was, now) in enumerate(zip(raw, again, strict=True)) if was != now]
    return Mended(pa.array(said, texts.type), np.array(changed, np.int64))


def decoded(text: bytes) -> str:
    """Bytes as a text that can be written as UTF-8."""
    try:
        return text.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace")


def neutralised(texts: "pa.Array") -> Mended:
    """`neutralise` of every text (`string` or `large_string`, valid UTF-8); null stays null."""
    data, offsets = buffers(texts)
    suspect = np.zeros(len(texts), np.bool_)
    _look(data, offsets, suspect)
    places = np.flatnonzero(suspect)
    if not len(places):
        return Mended(texts, places)
    were = texts.take(pa.array(places)).to_pylist()
    are = [None if one is None else neutralise(one) for one in were]
    differ = np.array([was != now for was, now in zip(were, are, strict=True)], np.bool_)
    changed = places[differ]
    if len(changed):
        mask = np.zeros(len(texts), np.bool_)
        mask[changed] = True
        new = pa.array([now for now, other in zip(are, differ, strict=True) if other], texts.type)
        texts = pc.replace_with_mask(texts, pa.array(mask), new)
    return Mended(texts, changed)


@compiled
def _look(data: Any, offsets: Any, suspect: Any) -> None:
    """Marks every text with something that looks like the beginning of a control token, or with NUL."""
    for text in range(len(suspect)):
        said = data[offsets[text] : offsets[text + 1]]
        if _holds(said):
            suspect[text] = _marked(said)


@compiled
def _holds(text: Any) -> Any:
    """Whether it has `<`, `[` or NUL at all: without a way out, so that many bytes are compared at once."""
    found = False
    for byte in text:
        found |= (byte == 60) | (byte == 91) | (byte == 0)
    return found


@compiled
def _marked(data: Any) -> Any:
    stop = np.uint64(len(data))
    for place in range(np.uint64(0), stop):
        byte = data[place]
        if byte == 60:
            if _tag(data, place + np.uint64(1), stop):
                return True
        elif byte == 91:
            if _bracket(data, place + np.uint64(1), stop):
                return True
        elif byte == 0:
            return True
    return False


@inlined
def _at(data: Any, place: Any, stop: Any) -> Any:
    return data[place] if place < stop else np.uint8(0)


@inlined
def _tag(data: Any, place: Any, stop: Any) -> Any:
    """Whether what follows `<` may be a mark: `|`, U+FF5C, `<`, or the first letters of one, after a stroke or not."""
    first = _at(data, place, stop)
    if first == 124 or first == 0xEF:
        return True
    if first == 60:  # <SYS>> </SYS>>
        second = _at(data, place + np.uint64(1), stop)
        return second == 83 or second == 47
    if first == 47:  # a stroke
        place += np.uint64(1)
        first = _at(data, place, stop)
    second = _at(data, place + np.uint64(1), stop)
    if first == 115:  # s> sop> start_of
        return second == 62 or second == 111 or (second == 116 and _at(data, place + np.uint64(5), stop) == 95)
    if first == 101:  # end_of eos> eop>
        return (second == 110 and _at(data, place + np.uint64(3), stop) == 95) or second == 111
    if first == 116:  # tool_
        return second == 111 and _at(data, place + np.uint64(4), stop) == 95
    if first == 98:  # bos>
        return second == 111 and _at(data, place + np.uint64(3), stop) == 62
    return (first == 66 or first == 69) and second == 79  # BOS_ EOS_


@inlined
def _bracket(data: Any, place: Any, stop: Any) -> Any:
    """Whether what follows `[` may be a mark: the first two letters of one, after a stroke or not."""
    first = _at(data, place, stop)
    if first == 47:
        place += np.uint64(1)
        first = _at(data, place, stop)
    second = _at(data, place + np.uint64(1), stop)
    if first == 73:  # INST
        return second == 78
    if first == 83:  # SYSTEM_
        return second == 89
    if first == 84:  # TOOL_
        return second == 79
    if first == 65:  # AVAILABLE_
        return second == 86
    return first == 103 and second == 77  # gMASK
