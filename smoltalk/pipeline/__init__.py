"""YAML → Pipeline, every mistake by line; and what a pipeline looks like to a person and to an editor."""

from smoltalk.pipeline.describe import describe
from smoltalk.pipeline.load import load
from smoltalk.pipeline.model import Pipeline, Placed, Stock, Target
from smoltalk.pipeline.schema import schema

__all__ = ["Pipeline", "Placed", "Stock", "Target", "describe", "load", "schema"]
