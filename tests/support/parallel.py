"""Requests that several clients send at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import requests

import frappe

from tests.support.client import Client

Send = Callable[[Client, int], requests.Response]


def send_at_once(clients: list[Client], send: Send) -> list[requests.Response]:
	"""Let each client send a request at the same moment. Return the replies in the clients' order."""
	barrier = Barrier(len(clients))

	def send_one(number: int) -> requests.Response:
		barrier.wait()
		return send(clients[number], number)

	with ThreadPoolExecutor(len(clients)) as pool:
		replies = list(pool.map(send_one, range(len(clients))))
	frappe.db.rollback()
	return replies
