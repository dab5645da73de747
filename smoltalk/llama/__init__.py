"""A small Llama on numpy alone: weights, forward pass, continuous batching, chat format. No torch at run time."""
