"""`frappe.client.get_password` returns any field of any record in Frappe; here, only passwords of readable
records.
"""

import pytest

from tests.support import clinic, factories
from tests.support.client import get_error

METHOD = "frappe.client.get_password"


@pytest.mark.parametrize("field", ["race", "full_name", "first_name"])
@pytest.mark.parametrize("doctype", ["Client", "Client Stay", "Salary Slip"])
def test_records_of_others_are_refused(site, api, doctype, field):
	client = clinic.make_client(clinic.make_connection(), race="Canary-Race-8811")
	reader = api(factories.make_user("System Manager").name)
	reply = reader.get(METHOD, doctype=doctype, name=client.name, fieldname=field)
	assert get_error(reply)[0] in (403, 404)
	assert client.first_name not in reply.text
	assert "Canary-Race" not in reply.text


def test_other_fields_are_rejected_and_passwords_unchanged(site, api):
	reader = api("Administrator")
	connection = clinic.make_connection()
	refused = reader.get(METHOD, doctype="Kipu Connection", name=connection.name, fieldname="base_url")
	assert get_error(refused) == (403, "PermissionError")
	kept = reader.get(METHOD, doctype="Kipu Connection", name=connection.name, fieldname="secret_key")
	assert (kept.status_code, kept.json()["message"]) == (200, "simulator-secret-key")
