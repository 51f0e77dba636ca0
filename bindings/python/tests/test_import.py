"""What an import costs."""

import subprocess
import sys


def test_an_import_loads_nothing_else():
    """Neither NumPy, which takes 0.1 s, nor scikit-learn, which takes a second: both are loaded at first use."""
    code = "import sys; before = set(sys.modules); import ann; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {name.split(".")[0] for name in loaded} - sys.stdlib_module_names == {"ann"}


def test_the_gradient_check_needs_no_scikit_learn():
    code = "import sys; from ann import gradcheck; import ann.course; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
