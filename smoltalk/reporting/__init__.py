"""`smoltalk report`: what is in a run or a mixture, gathered in one pass and shown on one page."""
