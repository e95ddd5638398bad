"""`make bench`: runs every bench_*.py beside this file, one after another, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

failed = 0
for path in sorted(Path(__file__).parent.glob("bench_*.py")):
    print(f"\n== {path.stem}", flush=True)
    failed |= subprocess.run([sys.executable, "-m", f"tests.bench.{path.stem}"], cwd=path.parents[2]).returncode
sys.exit(failed)
