"""What every test may count on: the project's root on the path, and no way out of this machine."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
