"""The Debugger: a row for the sign-in and one for each action of a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.responses import Response

from connectsmith.core.call.arguments import check_arguments
from connectsmith.core.call.plan import AUTH_TEST, effect_of, find_plan
from connectsmith.core.definition.model import Action
from connectsmith.core.result.outcome import Outcome
from connectsmith.errors import ConnectsmithError, DefinitionError, FieldInvalid, VersionConflict
from connectsmith.service.debugger import Bench
from connectsmith.service.proof import Proof
from connectsmith.service.rows import CallRow
from connectsmith.web.addresses import debugger_path, editor_path
from connectsmith.web.exchange_view import ExchangeView, exchange_view
from connectsmith.web.field_forms import (
    FieldView,
    action_fields,
    errors_by_key,
    typed_values,
)
from connectsmith.web.navigation import CONNECTORS
from connectsmith.web.sign_in_view import SignInView, sign_in_view
from connectsmith.web.visit import Form, Visit, operator_page, operator_post

_ASKS: Final = {
    "write": "This changes something at the service",
    "destructive": "This deletes something at the service",
}


@dataclass(frozen=True, slots=True)
class ResultView:
    """What came of a test."""

    good: bool
    title: str
    message: str = ""
    code: str = ""
    exchange: ExchangeView | None = None
    place: str = "result"
    """Unlike for every result of a page: ids begin with it."""
    tested: str = ""
    """Id of the badge that says so in the action's row."""


@dataclass(frozen=True, slots=True)
class ActionView:
    """One action's row."""

    number: int
    name: str
    label: str
    help: str
    method: str
    endpoint: str
    effect: str
    fields: Sequence[FieldView]
    tested: str = ""
    """`good`, `bad`, or nothing."""
    fault: str = ""
    """Why it cannot be called as it is defined."""
    result: ResultView | None = None
    action_path: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class DebuggerView:
    """The whole page."""

    connector: str
    name: str
    published: bool
    version: int
    path: str
    editor: str
    sign_in: SignInView
    actions: Sequence[ActionView]


@dataclass(frozen=True, slots=True)
class AskView:
    """What is asked before an action writes or destroys."""

    title: str
    label: str
    line: str
    path: str
    form: str
    target: str
    destroys: bool


@dataclass(frozen=True, slots=True)
class FaultyView:
    """What stands there while the draft has errors."""

    message: str
    editor: str


async def debugger(visit: Visit) -> Response:
    """Show the draft's sign-in and actions."""
    connector = visit.param("connector")
    try:
        bench = await visit.desks.debugger.open(visit.caller, connector)
    except DefinitionError as error:
        view = FaultyView(error.message, editor_path(connector))
        return visit.page("debugger_faulty.html", view)
    tested = await visit.desks.debugger.tested(visit.caller, bench)
    page = DebuggerView(
        connector=connector,
        name=bench.connector.name,
        published=bench.connector.published is not None,
        version=bench.connector.draft_version,
        path=debugger_path(connector),
        editor=editor_path(connector),
        sign_in=await sign_in_view(visit, bench),
        actions=[
            _action_view(number, each, bench, tested)
            for number, each in enumerate(bench.blueprint.definition.actions)
        ],
    )
    return visit.page("debugger.html", page, leads_away=True)


def _action_view(
    number: int, action: Action, bench: Bench, tested: Mapping[str, CallRow]
) -> ActionView:
    view = ActionView(
        number=number,
        name=action.name,
        label=action.label or action.name,
        help=action.help_text or "",
        method=action.method.upper(),
        endpoint=action.endpoint,
        effect=effect_of(action),
        fields=(),
        tested=_tested(tested.get(action.name)),
        action_path=f"{debugger_path(bench.connector.id)}/call",
        version=bench.connector.draft_version,
    )
    try:
        plan = bench.blueprint.plans[action.name]
    except ConnectsmithError as error:
        return replace(view, fault=error.message)
    return replace(view, fields=action_fields(action, plan))


def _tested(call: CallRow | None) -> str:
    if call is None:
        return ""
    return "good" if call.ok else "bad"


async def bench_of(visit: Visit, form: Form) -> Bench:
    """Return the draft that the page shows.

    Raises:
        VersionConflict: it was saved since.
    """
    bench = await visit.desks.debugger.open(visit.caller, visit.param("connector"))
    if form.line("version") != str(bench.connector.draft_version):
        raise VersionConflict(
            "The draft was saved since this page was opened. Nothing was sent; load the page again "
            "to test what the draft says now."
        )
    return bench


# -- testing --------------------------------------------------------------------------------------


async def call(visit: Visit) -> Response:
    """Call one action with what was filled in; ask first if it writes or destroys."""
    form = await visit.form()
    bench = await bench_of(visit, form)
    number, action = _found(bench, form.line("action"))
    view = _action_view(number, action, bench, {})
    if view.fault:
        return _answered(visit, replace(view, result=ResultView(good=False, title=view.fault)))
    plan = find_plan(bench.blueprint.plans, action.name)
    try:
        values = typed_values(form, view.fields)
        check_arguments(plan, values)
        if view.effect in _ASKS and form.text("confirmed") != "yes":
            return _ask(visit, view)
        result = await _called(visit, bench, action.name, values)
    except FieldInvalid as error:
        typed = {each.name: form.text(each.name) for each in view.fields}
        fields = action_fields(action, plan, values=typed, errors=errors_by_key(error))
        result = ResultView(
            good=False, title="Nothing was sent", message=error.message, code=error.code
        )
        return _answered(
            visit, replace(view, fields=fields, result=replace(_placed(result, number), tested=""))
        )
    return visit.part("debugger_result.html", "part", _placed(result, number))


def _placed(result: ResultView, number: int) -> ResultView:
    return replace(result, place=f"result-{number}-shown", tested=f"tested-{number}")


def _answered(visit: Visit, view: ActionView) -> Response:
    """Show a form again, with what is wrong beside its fields."""
    response = visit.part("debugger_action.html", "part", view)
    response.headers["HX-Retarget"] = f"#action-{view.number}"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


def _ask(visit: Visit, view: ActionView) -> Response:
    ask = AskView(
        title=_ASKS[view.effect],
        label=view.label,
        line=f"{view.method} {view.endpoint}",
        path=view.action_path,
        form=f"form-{view.number}",
        target=f"result-{view.number}",
        destroys=view.effect == "destructive",
    )
    response = visit.part("debugger_ask.html", "part", ask)
    response.headers["HX-Retarget"] = "#asks"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _found(bench: Bench, name: str) -> tuple[int, Action]:
    for number, action in enumerate(bench.blueprint.definition.actions):
        if action.name == name:
            return number, action
    raise VersionConflict("The draft has no such action any more. Load the page again.")


async def _called(
    visit: Visit, bench: Bench, action: str, values: Mapping[str, object]
) -> ResultView:
    try:
        outcome = await visit.desks.debugger.call(visit.caller, bench, action, values)
    except FieldInvalid:
        raise
    except ConnectsmithError as error:
        return await troubled(visit, error)
    return await _outcome_view(visit, outcome)


async def _outcome_view(visit: Visit, outcome: Outcome) -> ResultView:
    return ResultView(
        good=outcome.ok,
        title=f"The service answered {outcome.status}",
        message=outcome.message or "",
        code=outcome.code or "",
        exchange=await exchange_of(visit, outcome.call),
    )


async def troubled(visit: Visit, error: ConnectsmithError) -> ResultView:
    """Return what is shown of an error, with the exchange that led to it if there was one."""
    call = error.details.get("call")
    return ResultView(
        good=False,
        title="There is no answer to show" if call else "This did not work",
        message=error.message,
        code=error.code,
        exchange=await exchange_of(visit, call) if isinstance(call, str) else None,
    )


async def exchange_of(visit: Visit, call: str | None) -> ExchangeView | None:
    """Return a call's transcript as it is shown; None where none is kept."""
    if call is None:
        return None
    try:
        return exchange_view(call, await visit.desks.records.transcript(visit.caller, call))
    except ConnectsmithError:
        return None


async def test_sign_in(visit: Visit) -> Response:
    """Prove the test connection, and say in which of the three ways it was done."""
    bench = await bench_of(visit, await visit.form())
    try:
        proof = await visit.desks.debugger.test(visit.caller, bench)
    except ConnectsmithError as error:
        result = await troubled(visit, error)
    else:
        result = await _proof_view(visit, bench, proof)
    return visit.part("debugger_result.html", "part", replace(result, place="sign-in-result"))


async def _proof_view(visit: Visit, bench: Bench, proof: Proof) -> ResultView:
    message = _did(bench, proof)
    if proof.message and proof.did != "fields":
        message = f"{message} {proof.message}"
    return ResultView(
        good=proof.ok,
        title=_proved(proof),
        message=message,
        exchange=await exchange_of(visit, proof.call),
    )


def _proved(proof: Proof) -> str:
    if proof.did == "fields":
        return "Only the fields were checked"
    if not proof.ok:
        return f"The service answered {proof.status}"
    who = proof.account_label or proof.account_id
    return f"It works, for {who}" if who else f"It works: the service answered {proof.status}"


def _did(bench: Bench, proof: Proof) -> str:
    match proof.did:
        case "auth_test":
            test = bench.blueprint.plans[AUTH_TEST]
            return f"auth_test of the definition was run ({test.method})."
        case "action":
            return (
                f"The definition has no auth_test; {proof.action} stood in for it, its first "
                "action that reads and needs no field."
            )
        case _:
            return (
                "The definition has no auth_test, and no action that reads without a field. "
                "Nothing was sent: the required fields are filled."
            )


routes = [
    operator_page("/connectors/{connector}/debugger", debugger, place=CONNECTORS),
    operator_post("/connectors/{connector}/debugger/call", call, place=CONNECTORS),
    operator_post("/connectors/{connector}/debugger/test", test_sign_in, place=CONNECTORS),
]
