"""`smoltalk schema`: pipelines as a JSON schema, for editors."""


def schema() -> None:
    """Print the JSON schema of a pipeline, which lets an editor complete and check it."""
    import json

    from smoltalk import pipeline
    from smoltalk.cli.screen import say

    say(json.dumps(pipeline.schema(), indent=2))
