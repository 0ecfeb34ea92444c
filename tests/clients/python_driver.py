"""Runs commands with the generated Python client: reads a line of JSON for each, and writes what it gave."""

import datetime
import functools
import importlib
import inspect
import io
import json
import pkgutil
import sys
import traceback
import typing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orchestrator_client
from orchestrator_client import Client, RetryPolicy, errors
from orchestrator_client.generated import api
from orchestrator_client.generated.types import File

Command = dict[str, Any]


@functools.cache
def get_client(url: str, key: str, secret: str, attempts: int, max_delay: float) -> Client:
	policy = RetryPolicy(attempts=attempts, first_delay=0.01, max_delay=max_delay)
	return Client(url, key, secret, retries=policy)


@functools.cache
def list_operations() -> dict[str, str]:
	"""Return the module of each generated operation."""
	return {
		module.name.rpartition(".")[2]: module.name
		for package in pkgutil.iter_modules(api.__path__, f"{api.__name__}.")
		for module in pkgutil.iter_modules(importlib.import_module(package.name).__path__, f"{package.name}.")
	}


def run_operation(client: Client, command: Command) -> Any:
	"""Call the generated function."""
	function = importlib.import_module(list_operations()[command["operation"]]).sync
	result = orchestrator_client.unwrap(function(client=client.api, **build_arguments(function, command)))
	return result.payload.read().decode() if isinstance(result, File) else result.to_dict()


def build_arguments(function: Callable[..., Any], command: Command) -> dict[str, Any]:
	hints = typing.get_type_hints(function)
	arguments = {}
	for key, value in command["query"].items():
		name = get_argument_name(hints, key)
		is_date = datetime.date in (hints[name], *typing.get_args(hints[name]))
		arguments[name] = datetime.date.fromisoformat(value) if is_date else value
	body = dict(command.get("body") or {})
	if "body" in inspect.signature(function).parameters:
		model = next(
			option
			for option in typing.get_args(hints["body"]) or [hints["body"]]
			if hasattr(option, "from_dict")
		)
		content = body.pop("file") if command.get("is_upload") else ""
		arguments["body"] = model.from_dict(body)
		if command.get("is_upload"):
			arguments["body"].file = File(payload=io.BytesIO(content.encode()), file_name="contract.txt")
	# A method that only reads has no such parameter.
	if (key := command.get("idempotency_key")) and "idempotency_key" in hints:
		arguments["idempotency_key"] = key
	return arguments


def get_argument_name(hints: dict[str, Any], key: str) -> str:
	"""Return the argument of a parameter: `client` is the API client, and words of Python get an underscore."""
	if key == "client":
		return "client_query"
	return key if key in hints else f"{key}_"


def run_call(client: Client, command: Command) -> Any:
	return client.call(
		command["method"],
		command["parameters"],
		verb=command["verb"],
		idempotency_key=command.get("idempotency_key"),
	)


def run_records(client: Client, command: Command) -> Any:
	return list(
		client.iterate_records(
			command["doctype"], page_length=command["page_length"], **command["parameters"]
		)
	)


def run_rows(client: Client, command: Command) -> Any:
	return list(
		client.iterate_rows(command["method"], command["parameters"], page_length=command["page_length"])
	)


def run_parallel_calls(client: Client, command: Command) -> Any:
	"""Make the calls in threads that share the client."""
	with ThreadPoolExecutor(len(command["calls"])) as pool:
		return list(pool.map(functools.partial(run_call, client), command["calls"]))


ACTIONS = {
	"operation": run_operation,
	"call": run_call,
	"records": run_records,
	"rows": run_rows,
	"parallel": run_parallel_calls,
}


def run(command: Command) -> dict[str, Any]:
	client = get_client(command["url"], *command["token"], command["attempts"], command["max_delay"])
	try:
		return {"value": ACTIONS[command["action"]](client, command)}
	except errors.OrchestratorError as error:
		return {"error": describe(error)}
	except Exception:
		return {"error": {"classes": [], "text": traceback.format_exc()}}  # what no client may raise


def describe(error: Any) -> dict[str, Any]:
	"""Return what a caller may ask an error for."""
	names = [cls.__name__ for cls in type(error).__mro__]
	described = {
		"classes": names[: names.index("OrchestratorError") + 1],
		"idempotency_key": error.idempotency_key,
		"text": str(error),
	}
	if isinstance(error, errors.ApiError):
		fields = ("status", "exc_type", "request_id", "retry_after")
		described |= {field: getattr(error, field) for field in fields}
	return described


for line in sys.stdin:
	print(json.dumps(run(json.loads(line))), flush=True)  # noqa: T201
