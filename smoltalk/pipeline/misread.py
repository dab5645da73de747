"""Columns that `keep` names must not make trainers misread the dataset."""

from collections.abc import Iterator

from smoltalk.document import Document
from smoltalk.errors import Problem
from smoltalk.pipeline.model import TRAINED_ON

_TAKEN = (
    "messages prompt completion chosen rejected label labels image images conversations input_ids attention_mask "
    "completion_mask assistant_masks seq_lengths"
)
"""Names that make TRL take a conversational dataset for another kind; from `trl.data_utils` and `SFTTrainer`, 1.16.
`tools` and `chat_template_kwargs` are not among them: published in the form TRL takes, they say what they mean."""


def misread(document: Document) -> Iterator[Problem]:
    """Kept columns that trainers would read in another way than they are meant."""
    makes, keep = document.data.get("makes"), document.data.get("keep")
    own = TRAINED_ON["dpo" if makes == "dpo" else "sft"]
    for i, column in enumerate(keep if isinstance(keep, list) else []):
        if isinstance(column, str) and column in _TAKEN.split() and column not in own:
            sentence = f"`keep` names column `{column}`, and trainers read a dataset with that column in another way"
            yield document.problem(("keep", i), sentence, "leave it out, or have the step write it under another name")
