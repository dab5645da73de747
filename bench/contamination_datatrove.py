"""datatrove's own decontamination, in an interpreter that has it: `python contamination_datatrove.py ITEMS ROWS`.

ITEMS and ROWS are JSON lists: (question, answer) each, and texts. Prints, as JSON, the places of the rows that its
filter drops and the CPU seconds that this took; first by its defaults, then with n-grams of questions, which its
default leaves out. The indexer's `run` needs lighteval, so its hashes are asked for item by item.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def main(items: Path, rows: Path) -> None:
    from datatrove.data import Document
    from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter, NGramsDecontIndexer

    pairs = json.loads(items.read_text("utf-8"))
    documents = [Document(text, str(number)) for number, text in enumerate(json.loads(rows.read_text("utf-8")))]
    found: dict[str, Any] = {}
    for name, questions in (("datatrove", False), ("datatrove, questions", True)):
        config = NGramsDecontConfig(find_query_ngrams=questions)
        with tempfile.TemporaryDirectory() as folder:
            indexer: Any = object.__new__(NGramsDecontIndexer)
            indexer.__init__(folder, config=config)
            looking: Any = NGramsDecontFilter(folder, config=config)
            looking._index_hashes = {
                one: "benchmark" for question, answer in pairs for one in indexer.compute_hashes(answer, question)
            }
            looking.filter(Document("this loads what is loaded late", "-"))
            began = time.process_time()
            dropped = [number for number, document in enumerate(documents) if looking.filter(document) is not True]
            found[name] = {"dropped": dropped, "seconds": time.process_time() - began}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
