"""What `smoltalk diff` does: which rows two datasets do not share, and how what they hold differs."""
