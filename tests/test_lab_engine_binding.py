"""Parameter binding as PowerShell does it: ids and categories as ``ParameterBinderStrings`` and servers give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine import command, run, windows_host, windows_shell
from rehearsal.binding import bind_arguments
from rehearsal.cmdlet import SWITCH, Basis, CmdletDeclaration, Parameter
from rehearsal.coercion import INTEGERS, ConversionError, ListChange, coerce
from rehearsal.values import CommandCall, EnumValue, Integer, TerminatingError, Thing


def declare(parameters: dict[str, Parameter], *, module: str = "Lync", **options: Any) -> CmdletDeclaration:
    defaults: dict[str, Any] = {
        "end": None,
        "should_process": False,
        "confirm_impact": "Medium",
        "default_set": "",
        "command_type": "Contoso.TestCommand",
        "remote": True,
        "installed": None,
        "command_aliases": (),
    }
    return CmdletDeclaration(
        name="Test-Thing",
        module=module,
        basis=Basis.ASSUMED,
        source="test",
        parameters=parameters,
        process=lambda call: None,
        **(defaults | options),
    )


THING = declare(
    {
        "Identity": Parameter(mandatory=True, position=0),
        "Port": Parameter(kind="UInt16", position=1),
        "PortCount": Parameter(kind="UInt16"),
        "Enabled": Parameter(kind="Boolean"),
        "Mode": Parameter(values=("Fast", "Slow")),
        "Kind": Parameter(kind="ThingKind", names=("Alpha", "Beta", "Better")),
        "Domains": Parameter(kind="MultiValuedProperty"),
        "Data": Parameter(kind="Byte[]", aliases=("Payload",)),
        "Force": SWITCH,
    },
    should_process=True,
)


def refusal(*arguments: tuple[str | None, Any], declaration: CmdletDeclaration = THING) -> Any:
    def bind() -> None:
        binding = bind_arguments(declaration, arguments)
        binding.resolve_set(binding.parameters, binding.candidates)

    with pytest.raises(TerminatingError) as caught:
        bind()
    return caught.value.record


def bound(*arguments: tuple[str | None, Any], declaration: CmdletDeclaration = THING) -> dict[str, Any]:
    return bind_arguments(declaration, arguments).parameters


@pytest.mark.parametrize(
    ("arguments", "error_id", "category"),
    [
        ([("Nonsense", 1)], "NamedParameterNotFound", "InvalidArgument"),
        ([("P", 1)], "AmbiguousParameter", "InvalidArgument"),
        ([("Port", 1), ("port", 2)], "ParameterAlreadyBound", "InvalidArgument"),
        ([(None, "a"), (None, 1), (None, "c")], "PositionalParameterNotFound", "InvalidArgument"),
        ([("Force", None)], "MissingMandatoryParameter", "InvalidArgument"),
        ([(None, "a"), ("Port", "x")], "CannotConvertArgumentNoMessage", "InvalidArgument"),
        ([(None, "a"), ("Port", 70000)], "CannotConvertArgumentNoMessage", "InvalidArgument"),
        ([(None, "a"), ("Enabled", "true")], "CannotConvertArgumentNoMessage", "InvalidArgument"),
        ([(None, "a"), ("Kind", "Gamma")], "CannotConvertArgumentNoMessage", "InvalidArgument"),
        ([(None, "a"), ("Kind", "Bet")], "CannotConvertArgumentNoMessage", "InvalidArgument"),
        ([("Identity", ["a", "b"])], "CannotConvertArgument", "InvalidArgument"),
        ([(None, "a"), ("Mode", "Quick")], "ParameterArgumentValidationError", "InvalidData"),
        ([("Identity", None)], "ParameterArgumentValidationErrorNullNotAllowed", "InvalidData"),
        ([("Identity", "")], "ParameterArgumentValidationErrorEmptyStringNotAllowed", "InvalidData"),
        ([(None, "a"), ("Enabled", None)], "ParameterArgumentValidationErrorNullNotAllowed", "InvalidData"),
    ],
)
def test_a_wrong_argument_is_refused_with_powershells_own_id(
    arguments: list[tuple[str | None, Any]], error_id: str, category: str
) -> None:
    record = refusal(*arguments)
    assert (record.error_id, record.category) == (f"{error_id},Contoso.TestCommand", category)
    assert record.activity == "Test-Thing"


def test_exchange_proxies_transform_arguments() -> None:
    """Community threads show ``ParameterArgumentTransformationError,Set-ReceiveConnector``, InvalidData."""
    record = refusal(("Port", "x"), declaration=declare({"Port": Parameter(kind="Int32")}, module="Exchange"))
    assert record.error_id == "ParameterArgumentTransformationError,Test-Thing"
    assert (record.category, record.reason) == ("InvalidData", "ParameterBindingArgumentTransformationException")
    mandatory = declare({"Identity": Parameter(mandatory=True)}, module="Exchange")
    assert refusal(declaration=mandatory).error_id == "MissingMandatoryParameter,Test-Thing"


def test_names_prefixes_aliases_and_positions() -> None:
    assert bound(
        (None, "a"), (None, "5199"), ("enab", True), ("payload", [1, Integer(2, "Byte")]), ("-Force", None)
    ) == {
        "Identity": "a",
        "Port": 5199,
        "Enabled": True,
        "Data": b"\x01\x02",
        "Force": True,
    }


def test_a_prefix_that_a_common_parameter_shares_means_the_cmdlets_own() -> None:
    own = declare({"ErrorCode": Parameter(kind="Int32")})
    assert bound(("Error", 1), declaration=own) == {"ErrorCode": 1}


def test_an_enum_takes_its_spelling_from_the_declaration() -> None:
    assert bound((None, "a"), ("Kind", "alPHA"), ("Mode", "fast")) == {"Identity": "a", "Kind": "Alpha", "Mode": "Fast"}
    value = EnumValue("Beta", 1, ("Contoso.ThingKind", "System.Enum"))
    assert bound((None, "a"), ("Kind", value))["Kind"] == "Beta"


def test_an_object_binds_to_a_string_by_its_text() -> None:
    assert bound(("Identity", Thing(("X",), "the text", {}))) == {"Identity": "the text"}


def test_parameter_sets() -> None:
    sets = declare(
        {
            "Name": Parameter(mandatory=True, sets=("ByName",)),
            "Number": Parameter(kind="Int32", mandatory=True, sets=("ByNumber",)),
            "All": Parameter(kind="SwitchParameter", sets=("Everything",)),
        },
        default_set="Everything",
    )
    binding = bind_arguments(sets, [("Number", 1)])
    assert binding.resolve_set(binding.parameters, binding.candidates) == "ByNumber"
    assert refusal(("Name", "a"), ("Number", 1), declaration=sets).error_id.startswith("AmbiguousParameterSet")


def test_common_parameters_are_not_the_cmdlets() -> None:
    binding = bind_arguments(THING, [(None, "a"), ("ea", "silentlyc"), ("Confirm", False), ("wi", None)])
    assert binding.parameters == {"Identity": "a"}
    preferences = binding.preferences
    assert (preferences.error_action, preferences.confirm, preferences.what_if) == ("SilentlyContinue", False, True)


def test_information_parameters_came_with_version_5() -> None:
    assert bind_arguments(THING, [(None, "a"), ("InformationAction", "Continue")], powershell=(5, 0)).parameters
    with pytest.raises(TerminatingError):
        bind_arguments(THING, [(None, "a"), ("InformationAction", "Continue")], powershell=(4, 0))


@pytest.mark.parametrize(
    ("given_value", "current", "after"),
    [
        (["x", "y"], ("a",), ("x", "y")),
        ("x", ("a",), ("x",)),
        (None, ("a",), ()),
        ({"Add": "B"}, ("a", "b"), ("a", "b")),
        ({"add": ["c"], "Remove": "A"}, ("a", "b"), ("b", "c")),
    ],
)
def test_multi_valued_properties(given_value: Any, current: tuple[str, ...], after: tuple[str, ...]) -> None:
    change: ListChange = bound((None, "a"), ("Domains", given_value))["Domains"]
    assert change.apply(current) == after


@given(st.sampled_from(sorted(INTEGERS)), st.integers(-(2**70), 2**70))
def test_integers_keep_within_their_type(kind: str, number: int) -> None:
    low, high = INTEGERS[kind]
    if low <= number <= high:
        assert coerce(str(number), Parameter(kind=kind)) == number
    else:
        with pytest.raises(ConversionError):
            coerce(str(number), Parameter(kind=kind))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: command("Get-Service", "MSExchangeUM"), []),
        (lambda: command("Get-ItemProperty", Name="x"), ["MissingMandatoryParameter"]),
        (lambda: command("Get-Content", Path="a", LiteralPath="b"), ["AmbiguousParameterSet"]),
        (lambda: command("Get-Content", "C:\\x", Encoding="Latin9"), ["CannotConvertArgumentNoMessage"]),
    ],
)
def test_in_a_shell(make: Callable[[], CommandCall], expected: list[str]) -> None:
    from rehearsal.host import Service

    host = windows_host()
    host.add_service(Service("MSExchangeUM", "Microsoft Exchange Unified Messaging"))
    assert [name.partition(",")[0] for name in run(windows_shell(host), make()).error_ids] == expected
