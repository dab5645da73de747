"""`python -m smoltalk`."""

import sys

from smoltalk.cli import main

if __name__ == "__main__":
    sys.exit(main())
