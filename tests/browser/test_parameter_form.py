"""The form of a section in JupyterLab: filled in wrongly and rightly, by hand and by keyboard, saved, loaded, kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from browser.notebook import DARK, LIGHT, Notebook
from browser.workplace import Workplace
from runbook.display.fields import faults
from runbook.inputs.yamlfile import read_yaml
from runbook.ledger import read_events
from runbook.ledger.events import RunStarted
from runbook.sections import SECTIONS

NOTEBOOK, SECTION = "20-trusted-pool.ipynb", "trusted_pool"
CELLS, FORM, START = "estate: str", "runbook.form", "runbook.start"
FINE = "Every value can be used."
NAMES = {
    "owa_pool_fqdn": "atl-owa-001.litwareinc.com",
    "registrar_pool_fqdn": "atl-cs-001.litwareinc.com",
    "site_id": "Redmond",
}


@pytest.fixture
def notebook(opened: Callable[[str], Notebook]) -> Notebook:
    notebook = opened(NOTEBOOK)
    notebook.restart_kernel()  # JupyterLab goes on with the one of the test before, and what was typed there stays
    notebook.run(CELLS)
    return notebook


@pytest.fixture
def form(notebook: Notebook) -> Locator:
    form = notebook.run(FORM)
    expect(form).to_contain_text(FINE)
    return form


def entry(form: Locator, title: str) -> Locator:
    return form.get_by_label(title, exact=True)


def test_what_is_wrong_is_said_as_one_types_in_the_words_of_the_yaml_loader(form: Locator):
    entry(form, "SiteID").fill("Site:Redmond")
    told = faults(SECTIONS[SECTION].parameters, {**NAMES, "site_id": "Site:Redmond"})["site_id"]
    expect(form.get_by_role("alert").filter(has_text=told)).to_be_visible()
    expect(form).to_contain_text("To put right: SiteID.")
    entry(form, "SiteID").fill("Redmond")
    expect(form).to_contain_text(FINE)
    expect(form.get_by_role("alert")).to_have_count(0)


def test_the_cells_below_refuse_what_the_form_refuses(notebook: Notebook, form: Locator):
    entry(form, "Application port").fill("70000")
    expect(form).to_contain_text("There is no such port.")
    expect(notebook.run(START)).to_contain_text("There is no such port.")
    entry(form, "Application port").fill("5199")
    expect(form).to_contain_text(FINE)


def test_what_the_form_holds_is_what_the_run_goes_by_and_its_record_tells(
    notebook: Notebook, form: Locator, desk: Workplace
):
    before = set(desk.records.glob("*/*"))
    entry(form, "Application port").fill("5200")
    entry(form, "Change ticket").fill("CHG-4711")
    form.get_by_label("Allow dial plan changes", exact=True).check()
    expect(form).to_contain_text(FINE)
    expect(notebook.run(START)).to_contain_text("is the server that the estate names")
    (folder,) = set(desk.records.glob("*/*")) - before
    started = next(event for event in read_events(folder / "events.jsonl").events if isinstance(event, RunStarted))
    assert isinstance(started.parameters, dict)
    told = started.parameters
    assert (told["application_port"], told["change_ticket"], told["allow_dial_plan_changes"]) == (
        5200,
        "CHG-4711",
        True,
    )


def test_what_was_typed_stays_when_all_cells_are_run_again(notebook: Notebook, form: Locator):
    entry(form, "SiteID").fill("Dublin")
    expect(form).to_contain_text(FINE)
    notebook.run(CELLS)
    form = notebook.run(FORM)
    expect(entry(form, "SiteID")).to_have_value("Dublin")


def test_values_are_saved_with_comments_kept_and_loaded_again(notebook: Notebook, form: Locator, desk: Workplace):
    file = desk.root / "parameters" / "rehearsal" / "trusted-pool.yaml"
    comments = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    expect(entry(form, "Parameter file")).to_have_value("parameters/rehearsal/trusted-pool.yaml")
    expect(form).to_contain_text("The file says otherwise: allow_dial_plan_changes.")
    form.get_by_role("button", name="Load").click()
    expect(form).to_contain_text("Taken over: allow_dial_plan_changes.")
    expect(form.get_by_label("Allow dial plan changes", exact=True)).to_be_checked()
    entry(form, "SiteID").fill("Dublin")
    expect(form).to_contain_text("The file says otherwise: site_id.")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Saved to parameters/rehearsal/trusted-pool.yaml.")
    assert read_yaml(file).root["site_id"] == "Dublin"
    assert [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")] == comments
    entry(form, "SiteID").fill("Site:Redmond")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Nothing was saved.")
    assert read_yaml(file).root["site_id"] == "Dublin"


def test_the_servers_tell_what_may_be_chosen_and_what_cannot_be_used(notebook: Notebook, form: Locator):
    form.get_by_role("button", name="Ask the servers what may be chosen").click()
    expect(form).to_contain_text("The servers have answered", timeout=60_000)
    entry(form, "SiteID").fill("")
    expect(form).to_contain_text("To put right: SiteID.")
    entry(form, "SiteID: or choose").select_option(label="Redmond: display name Redmond Headquarters")
    expect(entry(form, "SiteID")).to_have_value("Redmond")
    certificates = entry(form, "Certificate thumbprint: or choose")
    expect(certificates).to_contain_text("atl-owa-001.litwareinc.com · until 2016-12-01 · alternative names: ")
    form.get_by_text("3 that can't be used").click()
    expect(form).to_contain_text("This is Exchange's own self-signed certificate")
    entry(form, "SiteID").fill("Nowhere")
    expect(form).to_contain_text("The servers know nothing of this name: Nowhere.")


def test_a_list_is_chosen_item_by_item(form: Locator):
    chooser = entry(form, "Exchange servers: or choose")
    chooser.select_option(value="atl-mbx-001.litwareinc.com: Exchange 2013, Mailbox")
    chooser.select_option(value="atl-cas-001.litwareinc.com: Exchange 2013, Client Access")
    expect(entry(form, "Exchange servers")).to_have_value("atl-mbx-001.litwareinc.com\natl-cas-001.litwareinc.com")


def test_the_form_can_be_walked_and_filled_in_with_the_keyboard_alone(notebook: Notebook, form: Locator):
    keys = notebook.page.keyboard
    entry(form, "Parameter file").focus()
    seen: list[str] = []
    for _ in range(80):
        keys.press("Tab")
        name = notebook.page.evaluate(
            "() => document.activeElement.labels?.[0]?.textContent.trim() || document.activeElement.textContent.trim()"
        )
        seen.append(name)
        if name == "SiteID":
            keys.press("ControlOrMeta+a")
            keys.type("Dublin")
        if name == "Allow dial plan changes":
            keys.press("Space")
        if name == "Operation note":
            break
    assert seen[:2] == ["Load", "Save"]
    assert seen[-1] == "Operation note"
    expect(entry(form, "SiteID")).to_have_value("Dublin")
    expect(form.get_by_label("Allow dial plan changes", exact=True)).to_be_checked()
    expect(form).to_contain_text(FINE)


def test_a_button_is_pressed_with_the_keyboard_and_jupyterlab_does_nothing_else(notebook: Notebook, form: Locator):
    form.get_by_role("button", name="Load").focus()
    notebook.page.keyboard.press("Enter")
    expect(form).to_contain_text("The file says")
    assert notebook.panel.locator(".jp-Notebook.jp-mod-editMode").count() == 0


def test_nothing_in_the_form_is_without_a_name_or_hard_to_read(notebook: Notebook, form: Locator):
    entry(form, "SiteID").fill("Site:Redmond")
    expect(form).to_contain_text("To put right: SiteID.")
    assert notebook.unnamed(form) == []
    for theme in (LIGHT, DARK):
        notebook.theme(theme)
        assert notebook.faint(form) == []
    assert notebook.scrolls_sideways() == []


def test_nothing_that_is_typed_is_run_as_markup(notebook: Notebook, form: Locator):
    entry(form, "Operator").fill("<img src=x onerror=window.hit=1>\u202e")
    entry(form, "SiteID").fill("<script>window.hit=1</script>")
    expect(form).to_contain_text("To put right:")
    assert notebook.page.evaluate("() => window.hit") is None
    expect(form.locator("img, script")).to_have_count(0)
