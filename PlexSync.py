"""The script that Stash starts. Python compiles it for every run, so the rest is in startup.py."""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from startup import main

    sys.exit(main(sys.argv[1:]))
