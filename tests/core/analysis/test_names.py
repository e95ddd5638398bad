import subprocess
import sys

import core.analysis


def test_every_public_name_is_there():
    assert all(getattr(core.analysis, name) is not None for name in core.analysis.__all__)
    assert set(core.analysis.__all__) <= set(dir(core.analysis))


def test_they_are_imported_when_they_are_asked_for():
    code = "import sys, core.analysis; core.analysis.Ablate; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
