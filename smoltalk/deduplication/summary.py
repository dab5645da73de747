"""What a call comes to, as JSON."""

import json

from smoltalk.deduplication import Job
from smoltalk.deduplication.session import Result


def summary(job: Job, result: Result) -> str:
    """What was compared, how, what was found, and the biggest clusters."""
    counts = result.tally.model_dump(mode="json", exclude={"read_bytes"})
    found = {
        "rows_of_others": result.others,
        "rows_repeated": result.repeated,
        "biggest_clusters": [one.as_json() for one in result.clusters],
    }
    return json.dumps({**job.identity(), **counts, **found}, indent=2, ensure_ascii=False)
