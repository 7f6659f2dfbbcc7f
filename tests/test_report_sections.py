"""The page of every section's run against a whole organisation: small, whole in itself, and of one pattern."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html as markup

from memory_lab import MemoryLab
from rehearsal.topologies import build_world
from runbook import report
from runbook.ledger import read_events
from runbook.ledger.events import Mode
from runbook.sections import SECTIONS

MOST_BYTES = 150 * 1024
HEADINGS = ["What changed", "What is left to do", "What was found", "Servers", "Parameters", "Course of the run"]
CHANGED = {"trusted_pool", "owa_enablement", "mailbox_policies", "disable_im"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every section of split-2013, applied one after the other, as the procedure has them."""

    def written() -> Iterator[tuple[str, Path]]:
        lab = MemoryLab.of(build_world("split-2013", states=("policy-off",)), tmp_path_factory.mktemp("pages"))
        for name in SECTIONS:
            if name == "verification":
                lab.sign_in()
            changed = {"disable_in_spite_of_integration": True} if name == "disable_im" else {}
            run = lab.open(name, Mode.APPLY, **changed)
            run.check()
            run.apply(confirmed_by="the test")
            run.verify()
            run.audit()
            run.finish()
            yield name, report.write(run.ledger.path.parent)

    return dict(written())


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_is_small_and_needs_nothing(pages: dict[str, Path], section: str) -> None:
    page = pages[section].read_bytes()
    assert len(page) <= MOST_BYTES
    tree = markup.fromstring(page.decode("utf-8"))
    assert not tree.xpath("//script | //link | //img | //iframe | //object | //@src | //@href | //@style")
    assert not [name for name in tree.xpath("//@*") if str(name).lower().startswith(("http:", "https:", "javascript:"))]
    assert "default-src 'none'" in tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert [each for each in tree.xpath("//h2/text()") if each in HEADINGS] == HEADINGS


def test_the_organisation_gave_the_pages_something_to_tell(pages: dict[str, Path]) -> None:
    changed = {name for name, page in pages.items() if report.report(read_events(page.parent)).changed}
    assert changed == CHANGED
