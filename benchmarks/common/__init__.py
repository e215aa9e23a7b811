"""What the benchmarks share: database copies, worker processes that run Odoo, figures and tables.

Each variant (stock, ours) runs in a worker process of its own on a copy of a template database; the
program that prints the figures never imports Odoo.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A benchmark is run as a file, so Python only knows the benchmarks' own folder.
sys.path.insert(0, str(ROOT))
