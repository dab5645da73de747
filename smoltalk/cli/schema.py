"""`smoltalk schema`: pipelines as a JSON schema, for editors."""


def schema() -> None:
    """Print the JSON schema of pipelines.

    It lets an editor complete and check them.
    """
    import json

    from smoltalk import pipeline
    from smoltalk.cli.screen import say

    say(json.dumps(pipeline.schema(), indent=2))
