"""Whether a pipeline mixes datasets, told without importing what a mixture is made of."""

import re
from typing import TYPE_CHECKING

from smoltalk.pipeline.model import Pipeline

if TYPE_CHECKING:
    from smoltalk.mixture.birth import Mixture

_MIX = re.compile(r"""^(?:mix|"mix"|'mix') *:""", re.MULTILINE)


def is_mixture(text: str) -> bool:
    """Whether a pipeline's text has `mix:`; cheap, and never wrong about one that loads."""
    return _MIX.search(text) is not None


def mixture(pipeline: Pipeline) -> "Mixture | None":
    """The pipeline's mixture, if it is one."""
    if not pipeline.mixes:
        return None
    from smoltalk.mixture.birth import Mixture

    return pipeline.source.part if isinstance(pipeline.source.part, Mixture) else None
