"""Saving parameters: what isn't touched stays as it is, and what is written reads back as meant, everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import InputError
from runbook.inputs.yamlfile import read_yaml
from runbook.inputs.yamlsave import save_yaml

KEPT = """\
# yaml-language-server: $schema=../schema/trusted-pool.schema.json
# The names of the procedure itself.
owa_pool_fqdn: atl-owa-001.litwareinc.com   # Subject and SAN
certificate_thumbprint: 12E4567
site_id: NO
ratio: 15.10
exchange_servers: [a.example.com, "b.example.com"]

# Consent: changes how calls are routed.
allow_dial_plan_changes: true
"""
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), max_size=30)


def test_comments_order_and_spelling_stay(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text(KEPT, encoding="utf-8")
    save_yaml(file, {"allow_dial_plan_changes": False, "application_port": 5200})
    expected = KEPT.replace("changes: true", "changes: false") + "application_port: 5200\n"
    assert file.read_text(encoding="utf-8") == expected


def test_saving_what_is_there_changes_nothing(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text(KEPT, encoding="utf-8")
    save_yaml(file, {"owa_pool_fqdn": "atl-owa-001.litwareinc.com", "allow_dial_plan_changes": True})
    assert file.read_text(encoding="utf-8") == KEPT


def test_a_new_file_says_what_it_is(tmp_path: Path):
    file = tmp_path / "new" / "p.yaml"
    save_yaml(file, {"site_id": "Redmond", "computers": []}, heading="Parameters of notebooks/20-trusted-pool.ipynb.")
    text = file.read_text(encoding="utf-8")
    assert text == "# Parameters of notebooks/20-trusted-pool.ipynb.\nsite_id: Redmond\ncomputers: []\n"


@given(TEXT, st.lists(TEXT, max_size=4), st.booleans(), st.integers(0, 99999))
def test_what_is_saved_reads_back_as_what_was_meant_here_and_by_papermill(
    tmp_path_factory: pytest.TempPathFactory, text: str, items: list[str], switch: bool, number: int
):
    file = tmp_path_factory.mktemp("saved") / "p.yaml"
    save_yaml(file, {"text": text, "items": items, "switch": switch, "number": number})
    assert read_yaml(file).root == {
        "text": text,
        "items": items,
        "switch": "true" if switch else "false",
        "number": str(number),
    }
    by_papermill = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert by_papermill == {"text": text, "items": items, "switch": switch, "number": number}


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path):
    file = tmp_path / "p.yaml"
    file.write_text("a: &x 1\nb: *x\n", encoding="utf-8")
    with pytest.raises(InputError):
        save_yaml(file, {"c": "d"})
    assert file.read_text(encoding="utf-8") == "a: &x 1\nb: *x\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("there", ["# ours", "# ours\n\n", "# one\n# two\n"])
def test_a_file_of_comments_keeps_them_and_a_file_with_values_gets_no_heading(tmp_path: Path, there: str):
    file = tmp_path / "p.yaml"
    file.write_text(there, encoding="utf-8")
    save_yaml(file, {"site_id": "Redmond"}, heading="Parameters.")
    text = file.read_text(encoding="utf-8")
    assert text.startswith(there)
    assert text.endswith("\nsite_id: Redmond\n")
    save_yaml(file, {"site_id": "Dublin"}, heading="Parameters.")
    assert file.read_text(encoding="utf-8") == text.replace("Redmond", "Dublin")
