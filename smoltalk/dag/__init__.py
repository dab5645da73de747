"""The DAG is distilabel's: a pipeline compiles to a `distilabel.pipeline.Pipeline` of distilabel steps."""
