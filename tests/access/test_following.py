"""Followers of a record: only users who may read it."""

import pytest

import frappe

from tests.support import clinic, factories, helpdesk

FOLLOW = "frappe.desk.form.document_follow.follow_document"
UPDATE = "frappe.desk.form.document_follow.update_follow"


@pytest.fixture(scope="module")
def client(frappe_site):
	frappe.set_user("Administrator")
	return clinic.make_client(clinic.make_connection()).name


def list_followers(name):
	return frappe.get_all("Document Follow", {"ref_docname": name}, pluck="user")


@pytest.mark.parametrize("method", [FOLLOW, UPDATE])
def test_hidden_record_is_not_followed(api, client, method):
	user = factories.make_user("Desk User", document_follow_notify=1).name
	values = {"user": user} if method == FOLLOW else {"following": True}
	reply = api(user).post(method, doctype="Client", doc_name=client, **values)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")
	assert user not in list_followers(client)


def test_row_inserted_by_itself_follows_nothing_hidden(api, client):
	user = factories.make_user("Desk User", document_follow_notify=1).name
	api(user).request(
		"POST",
		"/api/resource/Document Follow",
		json={"ref_doctype": "Client", "ref_docname": client, "user": user},
	)
	assert user not in list_followers(client)


def test_reader_cannot_add_a_follower_without_read_permission(api, client):
	clinician, stranger = (
		clinic.make_clinical_user(),
		factories.make_user("Desk User", document_follow_notify=1).name,
	)
	reply = api(clinician).post(FOLLOW, doctype="Client", doc_name=client, user=stranger)
	assert reply.status_code == 200
	assert stranger not in list_followers(client)


def test_reader_follows_and_stops_following(api, client):
	user = clinic.make_clinical_user()
	frappe.db.set_value("User", user, "document_follow_notify", 1)
	frappe.db.commit()
	frappe.clear_document_cache("User", user)
	assert api(user).post(FOLLOW, doctype="Client", doc_name=client, user=user).status_code == 200
	assert user in list_followers(client)
	stop = "frappe.desk.form.document_follow.unfollow_document"
	other = helpdesk.make_portal_user()
	assert api(other).post(stop, doctype="Client", doc_name=client, user=user).status_code == 403
	assert api(user).post(stop, doctype="Client", doc_name=client, user=user).status_code == 200
	assert user not in list_followers(client)
