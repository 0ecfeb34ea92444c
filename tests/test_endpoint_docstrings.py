"""Each endpoint's docstring documents its parameters, result, permissions and errors. No site needed."""

import ast

import pytest

from orchestrator.api.openapi_document.docstrings import EndpointDocumentation, parse_docstring
from tests.support import source

ENDPOINTS = {
	f"{module}.{function.name}": function
	for module, function in source.list_endpoints()
	if "endpoint" in map(source.get_decorator_name, function.decorator_list)
}
# Methods without parameters that read the request themselves
PARAMETERS_READ_FROM_REQUEST = {"orchestrator.api.uploads.upload_file"}
STATUSES = source.get_constant("orchestrator.api.errors", "STATUS_BY_NAME")
# Classes of Frappe and HRMS that only say that the data are refused
PLATFORM_VALIDATION_ERRORS = {"InsufficientLeaveBalanceError", "LeaveDayBlockedError", "LinkValidationError"}


def parse_documentation(name: str) -> EndpointDocumentation:
	return parse_docstring(ast.get_docstring(ENDPOINTS[name], clean=False) or "")


def list_parameters(name: str) -> list[str]:
	arguments = ENDPOINTS[name].args
	named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
	return [argument.arg for argument in (*named, arguments.kwarg) if argument]


def find_status(error: str) -> int | None:
	"""Return the status of an error class: its own or that of its first base class with one."""
	if error in PLATFORM_VALIDATION_ERRORS:
		return STATUSES["ValidationError"]
	if error in STATUSES:
		return STATUSES[error]
	bases = [base for module in source.list_modules() for base in list_bases(module, error)]
	return next((status for base in bases if (status := find_status(base))), None)


def list_bases(module: str, name: str) -> list[str]:
	return [
		ast.unparse(base).rpartition(".")[2]
		for node in source.parse_module(module).body
		if isinstance(node, ast.ClassDef) and node.name == name
		for base in node.bases
	]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_endpoint_documents_summary_result_permissions_and_errors(name: str) -> None:
	text = parse_documentation(name)
	assert text.summary.endswith(".")
	assert text.returns
	assert text.permissions
	assert text.errors


@pytest.mark.parametrize("name", sorted(ENDPOINTS.keys() - PARAMETERS_READ_FROM_REQUEST))
def test_args_name_exactly_the_parameters(name: str) -> None:
	documented = parse_documentation(name).parameters
	assert list(documented) == list_parameters(name)
	assert all(documented.values())


def test_args_of_an_upload_name_exactly_the_form_fields_that_it_reads() -> None:
	tree = source.parse_module("orchestrator.api.parameter_names")
	(table,) = [
		node.value
		for node in tree.body
		if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PARAMETERS_READ_FROM_REQUEST"
	]
	fields = {
		node.value for node in ast.walk(table) if isinstance(node, ast.Constant)
	} - PARAMETERS_READ_FROM_REQUEST
	assert parse_documentation("orchestrator.api.uploads.upload_file").parameters.keys() == fields


@pytest.mark.parametrize("name", ENDPOINTS)
def test_each_error_has_the_find_status_its_class_and_a_reason(name: str) -> None:
	errors = parse_documentation(name).errors
	assert [(error.type, error.status) for error in errors] == [
		(error.type, str(find_status(error.type))) for error in errors
	]
	assert all(error.reason for error in errors)
