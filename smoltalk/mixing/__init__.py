"""Many datasets into one: rows are sifted, chosen and written, and each of them stands in the books.

`session.mix` is the way in. Three stages, each of which can be killed at any moment and goes on with the next call:
*sift* (pieces of the sources, in threads), *choose* (how many of each source, none twice), *write* (splits, books).
"""
