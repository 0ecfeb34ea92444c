"""The simulator's control routes: JSON calls that change its world and its replies.

Not part of Kipu. Every call needs the control token in `X-Control-Token`.

	GET    /_control/state               counts, settings, faults played
	POST   /_control/actions  {"action": "discharge", "stay": 7}          or "casefile_id" instead of "stay"
	POST   /_control/faults   {"kind": "throttle", "times": 3, "retry_after": "date", "value": 2}
	DELETE /_control/faults
	POST   /_control/settings {"skew": 3600, "per_cap": 50, "mode": "episodes"}
"""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.kipu_simulator.faults import make_fault
from orchestrator.kipu_simulator.queries import RejectedRequestError
from orchestrator.kipu_simulator.render import build_casefile_id
from orchestrator.kipu_simulator.world import CHART_BASE, World

if TYPE_CHECKING:
	from orchestrator.kipu_simulator.server import Simulator

PREFIX = "/_control/"
ACTIONS: Mapping[str, Callable[..., Any]] = {
	"admit": World.admit,
	"admit_new": World.admit_new,
	"preadmit_new": World.preadmit_new,
	"discharge": World.discharge,
	"undo_discharge": World.undo_discharge,
	"readmit": World.readmit,
	"register_again": World.register_again,
	"give_chart_away": World.give_chart_away,
	"transfer": World.transfer,
	"delete": World.delete,
	"restore": World.restore,
	"vanish": World.vanish,
	"reappear": World.reappear,
	"set_field": World.set_field,
	"add_field": World.add_field,
	"drop_field": World.drop_field,
	"touch": World.touch,
}
# Actions that return a stay.
OF_A_STAY = frozenset(ACTIONS) - {"vanish", "reappear", "add_field", "drop_field"}
SETTINGS: Mapping[str, Callable[[Any], Any]] = {
	"skew": float,
	"per_cap": int,
	"mode": str,
	"bare_dates": str,
	"telling": bool,
}


def control(simulator: "Simulator", method: str, path: str, token: str, body: bytes) -> dict[str, Any]:
	"""Execute a control request and return a JSON object. Raises `RejectedRequestError`."""
	if not hmac.compare_digest(token.encode(), simulator.control_token.encode()):
		raise RejectedRequestError(401, "X-Control-Token is missing or wrong")
	handler = HANDLERS.get((method, path.removeprefix(PREFIX)))
	if handler is None:
		raise RejectedRequestError(404, "no such control")
	try:
		values = json.loads(body or b"{}")
		return handler(simulator, values)
	except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
		raise RejectedRequestError(422, f"{type(error).__name__}: {error}") from None


def _get_state(simulator: "Simulator", _given: dict[str, Any]) -> dict[str, Any]:
	world = simulator.world
	with world.lock:
		return {
			"people": world.people,
			"stays": len(world),
			"in_care": sum(world.is_in_care(stay) for stay in range(len(world))),
			"deleted": sum(1 for stamp in world.deleted if stamp),
			"hidden": sum(world.hidden),
			"faults_played": dict(simulator.faults.played),
			"answers": {f"{route} {status}": count for (route, status), count in simulator.answers.items()},
		}


def _execute_action(simulator: "Simulator", values: dict[str, Any]) -> dict[str, Any]:
	arguments = dict(values)
	name = arguments.pop("action")
	if "casefile_id" in arguments:
		arguments["stay"] = int(arguments.pop("casefile_id").partition(":")[0]) - CHART_BASE
	if not 0 <= arguments.get("stay", 0) < len(simulator.world):
		raise RejectedRequestError(404, "no such stay")
	result = ACTIONS[name](simulator.world, **arguments)
	if name in OF_A_STAY:
		return {"stay": result, "casefile_id": build_casefile_id(simulator.world, result)}
	return {"result": result}


def _add_fault(simulator: "Simulator", values: dict[str, Any]) -> dict[str, Any]:
	fault = make_fault(values)
	simulator.faults.add(fault)
	return {"added": fault.kind}


def _clear_faults(simulator: "Simulator", _given: dict[str, Any]) -> dict[str, Any]:
	simulator.faults.clear()
	return {}


def _update_settings(simulator: "Simulator", values: dict[str, Any]) -> dict[str, Any]:
	read = {name: SETTINGS[name](value) for name, value in values.items()}
	for name, value in read.items():
		setattr(simulator.world.settings, name, value)
	return read


HANDLERS: Mapping[tuple[str, str], Callable[["Simulator", dict[str, Any]], dict[str, Any]]] = {
	("GET", "state"): _get_state,
	("POST", "actions"): _execute_action,
	("POST", "faults"): _add_fault,
	("DELETE", "faults"): _clear_faults,
	("POST", "settings"): _update_settings,
}
