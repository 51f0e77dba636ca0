"""What the documentation shows is what happens: scripts of examples/, examples of docstrings, and the README."""

import ast
import doctest
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import textwrap
import warnings
from importlib import import_module
from pathlib import Path

import pytest

import ann

PACKAGE = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((PACKAGE / "examples").glob("*.py"))
# Numbers differ in their last places between machines; in documents they end with an ellipsis.
MATCH = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_prints_what_it_says(script, tmp_path):
    promised = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).split("It prints:\n")[1]
    if "distributed" in script.read_text(encoding="utf-8"):
        pytest.importorskip("distributed")
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=300
    )
    assert run.returncode == 0, run.stderr
    promised = textwrap.dedent(promised).strip() + "\n"
    assert doctest.OutputChecker().check_output(promised, run.stdout, MATCH), f"{promised}\nis promised:\n{run.stdout}"


def test_scripts_are_listed_in_the_readme():
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    assert SCRIPTS and [script.name for script in SCRIPTS if f"examples/{script.name}" not in readme] == []


MODULES = ["ann", *(f"ann.{module.name}" for module in pkgutil.iter_modules(ann.__path__) if module.name != "_ann")]


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_docstrings(module):
    assert doctest.testmod(import_module(module), optionflags=MATCH).failed == 0


PUBLIC = [
    *(getattr(ann, name) for name in ("AnnClassifier", "AnnRegressor", "TabularClassifier", "TabularRegressor")),
    *(ann.gradcheck, ann.load, ann.course.ANNClassification, ann.course.ANNRegression),
]


@pytest.mark.parametrize("public", PUBLIC, ids=lambda public: public.__name__)
def test_what_is_public_has_an_example(public):
    assert "Examples\n" in public.__doc__ and doctest.DocTestParser().get_examples(public.__doc__)


def test_the_code_of_the_readme_runs(tmp_path, monkeypatch):
    shutil.copy(PACKAGE.parents[1] / "docs" / "commands" / "customers.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert len(blocks) >= 3
    with warnings.catch_warnings():
        # A column of dates or numbers that was read as texts is a warning.
        warnings.simplefilter("error")
        for block in blocks:
            exec(compile(block, "README.md", "exec"), {})


def test_the_list_of_the_readme_names_what_there_is():
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    for name in ("load", "predict_interval", "predict_set", "check_gradient", "to_onnx"):
        assert re.search(rf"^- `[^`]*\b{name}\(", readme, re.MULTILINE), name
