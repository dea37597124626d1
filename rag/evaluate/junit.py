"""The report as JUnit XML, which CI systems read."""

from __future__ import annotations

from pathlib import PurePath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rag.evaluate.record import Report, Result
from rag.evaluate.rows import answer_text, floor_rows, legal, stage_seconds


def junit(report: Report) -> str:
    """Suite `cases` with a test for each case; suite `floors` with one for each floor.

    Characters that XML 1.0 forbids are left out. Times are in seconds.
    """
    root = Element("testsuites", name="rag evaluate")
    file = PurePath(next(iter(report.files))).stem if len(report.files) == 1 else "cases"
    cases = SubElement(root, "testsuite", name="cases")
    for result in report.results:
        _case(cases, result, result.case.tags[0] if result.case.tags else file)
    if report.floors:
        floors = SubElement(root, "testsuite", name="floors")
        for row in floor_rows(report):
            test = _element(floors, "testcase", name=row.label, classname="floors", time="0.000")
            if row.met is False:
                _element(test, "failure", message=f"{row.value}，底线 {row.floor}", type="floor")
    for suite in root.findall("testsuite"):
        suite.attrib["timestamp"] = legal(report.made)
        _count(suite)
    _count(root)
    indent(root)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{tostring(root, encoding='unicode')}\n"


def _case(suite: Element, result: Result, classname: str) -> None:
    taken = stage_seconds(result, "total") or 0.0
    name = f"{result.case.id} {result.case.question}"
    test = _element(suite, "testcase", name=name, classname=classname, time=f"{taken:.3f}")
    if not result.passed:
        failure = _element(test, "failure", message="；".join(result.why), type="case")
        failure.text = legal(answer_text(result))


def _element(parent: Element, tag: str, /, **attributes: str) -> Element:
    return SubElement(parent, tag, {key: legal(value) for key, value in attributes.items()})


def _count(element: Element) -> None:
    tests = list(element.iter("testcase"))
    element.attrib |= {
        "tests": str(len(tests)),
        "failures": str(len(list(element.iter("failure")))),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(float(test.attrib['time']) for test in tests):.3f}",
    }
