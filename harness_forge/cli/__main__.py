"""`python -m harness_forge.cli`: the command, where the script `forge` is not at hand."""

import sys

from harness_forge.cli import main

sys.exit(main())
