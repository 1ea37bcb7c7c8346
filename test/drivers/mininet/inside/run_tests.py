"""Runs the tests of this folder, and prints what became of each as JSON: [{"name", "failure": text or null}]."""

import json
import os
import re
import unittest


class Results(unittest.TestResult):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.names.append(name_of(test))


def name_of(test: unittest.TestCase) -> str:
    """TheWindow.test_halves_down_to_8 of pacing_test.py: pacing: the window halves down to 8"""
    file, *subject, method = test.id().split('.')
    subjects = re.sub(r'(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])', ' ', ' '.join(subject)).lower()
    return f'{file.removesuffix("_test")}: {subjects} {method.removeprefix("test_").replace("_", " ")}'


results = Results()
unittest.defaultTestLoader.discover(os.path.dirname(os.path.abspath(__file__)), '*_test.py').run(results)
failures: dict[str, str] = {}
for test, text in [*results.failures, *results.errors]:
    # A test of several cases may fail several times.
    whole = getattr(test, 'test_case', test)
    failures[name_of(whole)] = failures.get(name_of(whole), '') + text
# A file that cannot be loaded has no test that starts.
names = [*results.names, *(name for name in failures if name not in results.names)]
print(json.dumps([{'name': name, 'failure': failures.get(name)} for name in names]))
