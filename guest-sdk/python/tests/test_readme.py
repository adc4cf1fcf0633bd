"""The README's programs do what it says."""

import re
import unittest
from pathlib import Path
from typing import Any

README = Path(__file__).resolve().parent.parent / "README.md"


class Readme(unittest.TestCase):
    def test_every_program_runs(self) -> None:
        programs = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
        self.assertGreater(len(programs), 5)
        for number, program in enumerate(programs):
            line = "\n" * README.read_text(encoding="utf-8").partition(program)[0].count("\n")
            names: dict[str, Any] = {"__name__": __name__}
            exec(compile(line + program, str(README), "exec"), names)
            for case in names.values():
                if isinstance(case, type) and issubclass(case, unittest.TestCase):
                    found = unittest.defaultTestLoader.loadTestsFromTestCase(case)
                    result = unittest.TestResult()
                    found.run(result)
                    self.assertTrue(result.wasSuccessful() and result.testsRun, (number, result.errors, result.failures))
