"""Rendered PowerShell means the values it was made from: no more, no less, and nothing hidden."""

# ruff: noqa: RUF001 (curly quotes and dashes are what is tested)

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import Any

import pytest
import tree_sitter_powershell
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from powershell_reader import SWITCH, read
from runbook.command import Cmdlet, Pipeline, Switch, Value, cmdlet
from runbook.errors import NotRenderable
from runbook.inputs.characters import is_invisible
from runbook.powershell import quote, render

APPCMD = r"C:\Windows\System32\Inetsrv\Appcmd.exe"
IM = {"InstantMessagingEnabled": True, "InstantMessagingType": "OCS"}
PROCEDURE = {
    "L28": (
        "New-CsTrustedApplicationPool -Identity atl-owa-001.litwareinc.com -Registrar atl-cs-001.litwareinc.com"
        " -Site Redmond -RequiresReplication $False",
        [
            cmdlet(
                "New-CsTrustedApplicationPool",
                Identity="atl-owa-001.litwareinc.com",
                Registrar="atl-cs-001.litwareinc.com",
                Site="Redmond",
                RequiresReplication=False,
            )
        ],
    ),
    "L34": (
        "Get-CsSite | Select-Object DisplayName, SiteID",
        [cmdlet("Get-CsSite"), cmdlet("Select-Object", Property=("DisplayName", "SiteID"))],
    ),
    "L36": (
        "New-CsTrustedApplication -ApplicationId OutlookWebApp"
        " -TrustedApplicationPoolFqdn atl-owa-001.litwareinc.com  -Port 5199",
        [
            cmdlet(
                "New-CsTrustedApplication",
                ApplicationId="OutlookWebApp",
                TrustedApplicationPoolFqdn="atl-owa-001.litwareinc.com",
                Port=5199,
            )
        ],
    ),
    "L41": ("Enable-CsTopology", [cmdlet("Enable-CsTopology")]),
    "L48": (
        "Get-OwaVirtualDirectory | Set-OwaVirtualDirectory -InstantMessagingEnabled $True -InstantMessagingType OCS",
        [cmdlet("Get-OwaVirtualDirectory"), cmdlet("Set-OwaVirtualDirectory", **IM)],
    ),
    "L66": (
        rf'{APPCMD} recycle apppool /apppool.name:"MSExchangeOWAAppPool"',
        [Cmdlet(APPCMD, arguments=("recycle", "apppool", "/apppool.name:MSExchangeOWAAppPool"))],
    ),
    "L69": (
        'Set-OwaMailboxPolicy -Identity "Default" -InstantMessagingEnabled $True -InstantMessagingType "OCS"',
        [cmdlet("Set-OwaMailboxPolicy", Identity="Default", **IM)],
    ),
    "L70": (
        'Get-OwaMailboxPolicy | Set-OwaMailboxPolicy -InstantMessagingEnabled $True -InstantMessagingType "OCS"',
        [cmdlet("Get-OwaMailboxPolicy"), cmdlet("Set-OwaMailboxPolicy", **IM)],
    ),
}
POSITIONAL = {"Select-Object": ["Property"]}

hidden = st.sampled_from("\x00\t\n\r\x1b\x7f\x85\xa0\xad\u200b\u200e\u202e\u2028\u2029\u2066\ufeff\u3164\ufe0f\ud800")
texts = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")).filter(lambda c: not is_invisible(c)),
        st.sampled_from(" '\"`$;|&(){}@#,-‘’‚‛“”„–"),
    )
)
integers = st.integers(-(2**63), 2**63 - 1)
values: st.SearchStrategy[Value] = st.one_of(
    texts,
    integers,
    st.booleans(),
    st.none(),
    st.binary(),
    st.sampled_from(Switch),
    st.lists(texts).map(tuple),
    st.lists(integers).map(tuple),
)
names = st.from_regex(r"[A-Z][A-Za-z]{0,6}", fullmatch=True)
cmdlets = st.builds(
    Cmdlet,
    st.sampled_from(["Get-CsSite", "New-CsTrustedApplication", "Set-OwaVirtualDirectory"]),
    st.lists(st.tuples(names, values), max_size=4, unique_by=lambda pair: pair[0].lower()).map(tuple),
)
arguments = texts.filter(lambda text: bool(text) and '"' not in text and not text.endswith("\\"))
programs = st.builds(
    Cmdlet, st.sampled_from([APPCMD, r"C:\Program Files\it's ’here’\x.exe"]), arguments=st.lists(arguments).map(tuple)
)
pipelines = st.lists(st.one_of(cmdlets, programs), min_size=1, max_size=3).map(lambda found: Pipeline(tuple(found)))


def meaning(text: str) -> list[tuple[str, list[tuple[str, object]], list[object]]]:
    """Command, parameters and values of a line, with positional arguments of cmdlets under their names."""
    found = []
    for command in read(text):
        positions = POSITIONAL.get(command.name, [])
        named = list(zip(positions, command.arguments, strict=False))
        found.append((command.name, [*named, *command.parameters], command.arguments[len(named) :]))
    return found


def wanted(value: Value) -> object:
    return (SWITCH, value.value) if isinstance(value, Switch) else value


@pytest.mark.parametrize("requirement", PROCEDURE)
def test_the_procedures_values_mean_what_its_lines_mean(requirement: str) -> None:
    line, commands = PROCEDURE[requirement]
    assert meaning(render(Pipeline(tuple(commands)))) == meaning(line)


def test_a_command_reads_as_an_administrator_would_write_it() -> None:
    _, commands = PROCEDURE["L28"]
    assert render(Pipeline(tuple(commands))) == PROCEDURE["L28"][0]


@given(pipelines)
def test_reading_what_was_rendered_gives_the_values_back(pipeline: Pipeline) -> None:
    commands = read(render(pipeline))
    assert [command.name for command in commands] == [command.name for command in pipeline.cmdlets]
    for command, original in zip(commands, pipeline.cmdlets, strict=True):
        expected = [(name, wanted(value)) for name, value in original.parameters]
        assert command.parameters == expected
        assert [type(value) for _, value in command.parameters] == [type(value) for _, value in expected]
        assert command.arguments == list(original.arguments)


@given(texts)
def test_quoted_text_is_one_token_with_that_value(text: str) -> None:
    [command] = read(f"Get-X {quote(text)}")
    assert command.arguments == [text]


@pytest.mark.parametrize(
    "text", ["if", "While", "true", "NULL", "5199", "12E4567", "-Force", "a b", "", "$x", "a,b", "@x"]
)
def test_what_could_be_more_than_a_string_is_quoted(text: str) -> None:
    assert quote(text) == f"'{text}'"


def test_every_kind_of_single_quote_is_doubled() -> None:
    assert quote("it's ‘a‚b‛c’") == "'it''s ‘‘a‚‚b‛‛c’’'"


@given(texts, hidden, texts)
def test_what_a_reader_cannot_see_is_refused_by_name(before: str, character: str, after: str) -> None:
    with pytest.raises(NotRenderable, match=rf"U\+{ord(character):04X}.* at position {len(before) + 1} "):
        render(Pipeline.of(cmdlet("Get-CsSite", Identity=before + character + after)))


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_an_integer_that_powershell_would_round_is_refused(value: int) -> None:
    with pytest.raises(NotRenderable, match="64-bit"):
        render(Pipeline.of(cmdlet("Get-CsSite", Port=value)))


@pytest.mark.parametrize("argument", ["", 'a"b', "C:\\some folder\\"])
def test_an_argument_that_windows_powershell_would_alter_is_refused(argument: str) -> None:
    with pytest.raises(NotRenderable, match="pass that on"):
        render(Pipeline.of(Cmdlet(APPCMD, arguments=(argument,))))


@given(pipelines)
def test_the_grammar_sees_one_pipeline_of_these_commands(pipeline: Pipeline) -> None:
    text = render(pipeline)
    root = Parser(Language(tree_sitter_powershell.language())).parse(text.encode()).root_node
    assert not root.has_error, root
    assert [child.type for child in root.children] == ["statement_list"]
    assert [child.type for child in root.children[0].children] == ["pipeline"]
    commands = [node for node in descend(root.children[0].children[0], "pipeline") if node.type == "command"]
    assert len(commands) == len(pipeline.cmdlets)
    for node, original in zip(commands, pipeline.cmdlets, strict=True):
        name = node.child_by_field_name("command_name")
        elements = node.child_by_field_name("command_elements")
        given = [child for child in elements.named_children if child.type != "command_argument_sep"] if elements else []
        assert name is not None
        assert name.text is not None
        assert name.text.decode() == (spelled(original.name) if original.is_native else original.name)
        marked = [child.text.decode() for child in given if child.type == "command_parameter" and child.text]
        assert [mark.strip("-:") for mark in marked] == [key for key, _ in original.parameters]
        assert len([child for child in given if child.type != "command_parameter"]) == len(original.arguments) + sum(
            value is not Switch.ON for _, value in original.parameters
        )


def spelled(path: str) -> str:
    return "'" + path.replace("'", "''").replace("’", "’’") + "'"


def descend(node: Node, outer: str) -> list[Node]:
    """The commands of a pipeline; not those within its parentheses."""
    found = []
    for child in node.named_children:
        if child.type == "command":
            found.append(child)
        elif child.type == "pipeline_chain":
            found.extend(descend(child, outer))
    return found


PWSH = shutil.which("pwsh")


@pytest.mark.skipif(PWSH is None, reason="PowerShell isn't on PATH")
def test_powershell_itself_reads_the_same_text() -> None:
    samples = [
        "it's",
        "‘a’ ‚b‛",
        "$x `n",
        "if",
        "12E4567",
        "a;b|c",
        "-Force",
        "–x",
        "{@(",
        "“q”",
        'a"b',
        "%",
        "*?",
        "Ünï",
    ]
    commands = [render(Pipeline.of(cmdlet("Write-Output", InputObject=text))) for text in samples]
    script = (
        "[Console]::OutputEncoding = [Text.Encoding]::UTF8; ConvertTo-Json -InputObject @(" + ";".join(commands) + ")"
    )
    assert run_pwsh(script) == samples
    typed = [True, False, 5199, -7, ["a", "b"], ["a"], []]
    shown = [
        render(Pipeline.of(cmdlet("Write-Output", InputObject=tuple(v) if isinstance(v, list) else v))) for v in typed
    ]
    for text, expected in zip(shown, typed, strict=True):
        found: Any = run_pwsh(f"ConvertTo-Json -Compress -InputObject @({text})")
        assert found == (expected if isinstance(expected, list) else [expected])


def run_pwsh(script: str) -> Any:
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    command = [str(PWSH), "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8"))
