"""The form: what is typed is what the cells go by, judged in the words of the YAML loader, kept, saved and loaded."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import ipywidgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.display import current
from runbook.display.agreed import otherwise
from runbook.display.entries import Entries
from runbook.display.fields import Kind, as_text, fields, typed_of, value_of
from runbook.display.form import Form
from runbook.display.parameters import form
from runbook.display.reference import FILE, page
from runbook.display.stepped import Stepped
from runbook.engine.parameter_files import section_file
from runbook.errors import InputError
from runbook.parameters import load_parameters
from runbook.paths import from_root
from runbook.sections import SECTIONS

NAMES = {
    "owa_pool_fqdn": "atl-owa-001.litwareinc.com",
    "registrar_pool_fqdn": "atl-cs-001.litwareinc.com",
    "site_id": "Redmond",
}
TYPED_WRONG = [
    ("trusted_pool", "site_id", "Site:Redmond"),
    ("trusted_pool", "owa_pool_fqdn", ""),
    ("trusted_pool", "owa_pool_fqdn", "OWA pool"),
    ("trusted_pool", "application_port", "70000"),
    ("trusted_pool", "application_port", "many"),
    ("trusted_pool", "application_id", "urn:application:x"),
    ("trusted_pool", "registrar_pool_fqdn", NAMES["owa_pool_fqdn"]),
    ("trusted_pool", "certificate_thumbprint", "\u200e6ca2be0f"),
    ("owa_enablement", "maintenance_start", "tomorrow"),
    ("owa_enablement", "install_path", "V15"),
]


def entries(section: str = "trusted_pool", **changed: object) -> Entries:
    return Entries(section, {**NAMES, **changed}, kept={})


@pytest.mark.parametrize(("section", "name", "typed"), TYPED_WRONG)
def test_what_is_wrong_is_said_as_a_yaml_file_would_be_told(section: str, name: str, typed: str, tmp_path: Path):
    form = entries(section)
    form.type(name, typed)
    file = tmp_path / "p.yaml"
    lines = {**NAMES, name: typed}
    file.write_text("".join(f'{key}: "{value}"\n' for key, value in lines.items()), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_parameters(SECTIONS[section].parameters, file)
    told = {fault.key: f"{fault.problem} {fault.remedy}".strip() for fault in refused.value.faults}
    assert dict(form.faults) == told


def test_an_item_of_a_list_is_named_by_its_line():
    form = entries()
    form.type("exchange_servers", "a.example.com\nb c\n")
    assert form.faults["exchange_servers"].startswith("Line 2: ")


def test_what_is_typed_is_what_the_cells_find_right_or_wrong():
    namespace: dict[str, Any] = dict(NAMES)
    form = Entries("trusted_pool", namespace, kept={})
    form.type("application_port", "5200")
    form.type("allow_dial_plan_changes", True)
    form.type("exchange_servers", "a.example.com\n\nb.example.com")
    assert namespace["application_port"] == 5200
    assert namespace["allow_dial_plan_changes"] is True
    assert namespace["exchange_servers"] == ["a.example.com", "b.example.com"]
    form.type("application_port", "5200x")
    with pytest.raises(InputError, match="application_port"):
        load_parameters(SECTIONS["trusted_pool"].parameters, namespace)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_parameter_of_every_section_has_its_place_and_its_help(section: str):
    shown = fields(SECTIONS[section].parameters)
    assert [field.name for field in shown] == list(SECTIONS[section].parameters.model_fields)
    assert all(field.help and field.title for field in shown)


@given(st.data())
def test_a_value_is_typed_in_and_read_back_as_it_is(data: st.DataObject):
    section = data.draw(st.sampled_from(sorted(SECTIONS)))
    field = data.draw(st.sampled_from(fields(SECTIONS[section].parameters)))
    line = st.text(st.characters(codec="utf-8", exclude_characters="\n")).filter(str.strip)
    many = st.lists(line.filter(lambda text: text != "---"), max_size=4)
    value: Any = {
        Kind.SWITCH: st.booleans(),
        Kind.NUMBER: st.integers(0, 99999),
        Kind.LIST: many,
        Kind.PASTED: st.lists(line.filter(lambda text: text != "---").map(lambda text: f"{text}\n"), max_size=3),
    }.get(field.kind, st.text())
    drawn = data.draw(value)
    assert value_of(field, typed_of(field, drawn)) == drawn


def test_what_was_typed_stays_when_the_cells_are_run_again_until_one_says_something_new():
    kept: dict[str, Any] = {}
    Entries("trusted_pool", dict(NAMES), kept=kept).type("site_id", "Dublin")
    assert Entries("trusted_pool", dict(NAMES), kept=kept)["site_id"] == "Dublin"
    assert Entries("trusted_pool", {**NAMES, "site_id": "Dublin"}, kept=kept)["site_id"] == "Dublin"
    assert Entries("trusted_pool", dict(NAMES), kept=kept)["site_id"] == "Dublin"
    assert Entries("trusted_pool", {**NAMES, "site_id": "Tokyo"}, kept=kept)["site_id"] == "Tokyo"
    assert Entries("trusted_pool", dict(NAMES), kept=kept)["site_id"] == "Redmond"


def test_saving_keeps_comments_and_leaves_out_what_is_about_this_run_alone(tmp_path: Path):
    file = tmp_path / "trusted-pool.yaml"
    file.write_text("# ours\nsite_id: Redmond  # of Lync\napplication_id: OutlookWebApp\n", encoding="utf-8")
    form = entries(mode="apply", change_ticket="CHG1")
    form.type("site_id", "Dublin")
    form.type("application_port", "5200")
    form.save(file)
    text = file.read_text(encoding="utf-8")
    ours, site, application, *more = text.splitlines()
    assert (ours, site.split(), application) == (
        "# ours",
        ["site_id:", "Dublin", "#", "of", "Lync"],
        "application_id: OutlookWebApp",
    )
    assert "application_port: 5200" in more
    assert "mode" not in text
    assert "CHG1" not in text
    assert load_parameters(form.model, file).model_dump() == form.parameters().model_dump() | {
        "mode": "plan",
        "change_ticket": "",
    }


def test_what_is_wrong_is_not_saved(tmp_path: Path):
    form = entries()
    form.type("site_id", "Site:Redmond")
    with pytest.raises(InputError, match="site_id"):
        form.save(tmp_path / "p.yaml")
    assert list(tmp_path.iterdir()) == []


def test_loading_takes_over_a_file_whole_or_not_at_all(tmp_path: Path):
    file = tmp_path / "p.yaml"
    form = entries()
    lines = "".join(f"{name}: {value}\n" for name, value in NAMES.items())
    file.write_text(f"{lines}allow_dial_plan_changes: yes\ndial_plans: [A]\n", encoding="utf-8")
    assert form.differences(file) == ("allow_dial_plan_changes", "dial_plans")
    assert form.load(file) == ("allow_dial_plan_changes", "dial_plans")
    assert form["allow_dial_plan_changes"] is True
    assert form.differences(file) == ()
    file.write_text(f"{lines}dial_plans: [B]\nsite: x\n", encoding="utf-8")
    with pytest.raises(InputError, match="Did you mean site_id"):
        form.load(file)
    assert form["dial_plans"] == ["A"]


def test_a_parameter_file_is_beside_the_estate_or_in_the_folders_that_are_named(tmp_path: Path):
    own, common = tmp_path / "own", tmp_path / "common"
    common.mkdir()
    (common / "trusted-pool.yaml").write_text("", encoding="utf-8")
    environment = {"RUNBOOK_PARAMETERS": f"{own}{';' if str(own)[1] == ':' else ':'}{common}"}
    assert section_file("trusted_pool", None, environment) == common / "trusted-pool.yaml"
    assert section_file("verification", None, environment) == common / "verification.yaml"
    assert section_file("trusted_pool", tmp_path / "estate.yaml", {}) == tmp_path / "trusted-pool.yaml"
    assert section_file("trusted_pool", None, {}) is None


def test_without_anybody_before_it_the_form_is_a_table_of_the_same_values():
    view = form("trusted_pool", {**NAMES, "application_port": 70000, "operator_note": "<script>x</script>\u202e"})
    assert view is not None
    assert "✖ There is no such port." in view.text
    assert "application_port: 70000 *" in view.text
    assert "<script>" not in view.html
    assert "\u202e" not in view.html + view.text


def _controls(widget: Any) -> list[Any]:
    children = getattr(widget, "children", ())
    return [widget] if not children else [each for child in children for each in _controls(child)]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_control_has_its_own_label(section: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("RUNBOOK_ESTATE", raising=False)
    given = {field.name: field.default or NAMES.get(field.name, "") for field in fields(SECTIONS[section].parameters)}
    controls = _controls(Form(Entries(section, given, kept={})).widget)
    named = [control.description for control in controls if not isinstance(control, ipywidgets.HTML)]
    assert all(named)
    assert len(set(named)) == len(named)


def test_a_widget_writes_what_is_typed_and_says_what_is_wrong():
    namespace: dict[str, Any] = dict(NAMES)
    shown = Form(Entries("trusted_pool", namespace, kept={}))
    (site,) = (one for one in _controls(shown.widget) if getattr(one, "description", "") == "SiteID")
    site.value = "Site:Redmond"
    assert namespace["site_id"] == "Site:Redmond"
    said = " ".join(one.value for one in _controls(shown.widget) if isinstance(one, ipywidgets.HTML))
    assert "To put right: SiteID." in said
    assert site.tooltip.startswith("This is the site's Identity"), "what a screen reader tells of the field"
    assert as_text(namespace["application_port"]) == "5199"


def test_what_the_cells_give_otherwise_than_a_run_was_begun_with_is_named():
    form = entries(mode="apply", dial_plans=["A"])
    begun = form.parameters()

    def changed(**more: Any) -> tuple[str, ...]:
        return otherwise(begun, {name: form[name] for name in begun.model_dump()} | more)

    assert changed() == ()
    assert changed(mode="plan", application_port=5998) == ("mode", "application_port")
    assert changed(application_port="5998x", dial_plans=["A", "B"]) == ("application_port", "dial_plans")
    assert changed(owa_pool_fqdn=NAMES["owa_pool_fqdn"].upper(), allow_dial_plan_changes="no", dial_plans=("A",)) == ()
    assert changed(change_ticket="CHG2") == (), "Apply asks for the ticket itself"
    assert changed(something="else") == ()
    assert otherwise(begun, begun.model_dump(), {"mode": "plan"}) == ("mode",), "what a form still shows counts too"


def test_typing_into_the_form_tells_the_run_that_goes_by_it(monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    run = cast(Stepped, SimpleNamespace(edited=lambda: told.append("edited")))
    monkeypatch.setattr(current, "_current", {"trusted_pool": run})
    shown = Form(Entries("trusted_pool", dict(NAMES), kept={}))
    told.clear()
    shown.fill("application_port", "5998")
    assert told == ["edited"]


def test_the_page_of_all_parameters_is_current():
    """Renew it with ``python -m runbook.display.reference``."""
    assert from_root(FILE).read_text(encoding="utf-8") == page()
