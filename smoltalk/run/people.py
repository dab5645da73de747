"""Where rows end by the word of people: worked out anew whenever a run's files are written."""

from contextlib import closing

from smoltalk.gates.human import Human
from smoltalk.pipeline import Pipeline
from smoltalk.run import database
from smoltalk.run.folder import RunFolder


def reviewed(pipeline: Pipeline, folder: RunFolder) -> None:
    """Settle what people answered, in runs that they have something to do with."""
    asked = any(isinstance(gate.part, Human) for gate in pipeline.gates)
    with closing(database.connect(folder.database, write=True)) as connection:
        if asked or connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchone():
            from smoltalk.review.booking import settle

            settle(pipeline, connection)
