"""README.md names a test in each row of what is mended, and the members that control calls have."""

import importlib
import os
import re
import unittest

from fidelity import faults, making, world

with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "README.md")) as file:
    README = file.read()


class Readme(unittest.TestCase):
    def test_each_row_names_a_test_that_is_there_and_each_test_of_a_mend_has_a_row(self):
        table = README.split("## What it mends")[1].split("## Control")[0]
        rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| call")]
        named = [re.search(r"`(test_\w+)\.(\w+)\.(test_\w+)` \|$", row).groups() for row in rows]
        self.assertEqual(len(named), len(set(named)))
        there = set()
        for module in ("test_images", "test_attributes", "test_snapshots", "test_services"):
            loaded = importlib.import_module(f"fidelity.tests.{module}")
            for name, case in vars(loaded).items():
                if isinstance(case, type) and case.__module__ == loaded.__name__:
                    there |= {(module, name, test) for test in vars(case) if test.startswith("test_")}
        self.assertEqual(set(named), there)

    def test_settings_faults_and_what_can_be_made_are_told(self):
        told = set(re.findall(r"`([a-z0-9_-]+)`", README))
        self.assertEqual(set(world.DEFAULTS) - told, set())
        self.assertEqual(set(faults.KINDS) - told, set())
        self.assertEqual((faults.MEMBERS - {"kind"}) - told, set())
        self.assertEqual(making.IMAGE - told, set())
