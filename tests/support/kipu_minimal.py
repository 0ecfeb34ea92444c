"""A second Kipu client, written from Kipu's description without code of this app: what it can read, any
client can read.
"""

import base64
import email.utils
import hashlib
import hmac
import http.client
import json
import time
from urllib.parse import urlencode

from orchestrator.kipu_simulator.server import Simulator

ALWAYS = {"start_date": "2000-01-01", "end_date": "2100-01-01"}


class Minimal:
	"""The smallest correct client: `http.client` and `hmac`. One connection, kept alive."""

	def __init__(self, kipu: Simulator, version: int = 3):
		self.connection = http.client.HTTPConnection("127.0.0.1", kipu.port, timeout=10)
		self.version = version
		self.access_id, self.secret, self.app_id = (
			"simulator-access-id", "simulator-secret-key", "simulator-app-id",
		)  # fmt: skip
		self.scheme = {3: "APIAuth", 4: "APIAuth-HMAC-SHA256"}[version]
		self.digest = {3: hashlib.sha1, 4: hashlib.sha256}[version]
		self.date_header = "Date"
		self.signed_headers: dict[str, str] = {}
		self.skew = 0.0

	def get(self, path: str, **parameters: str) -> tuple[int, dict]:
		uri = f"{path}?{urlencode({**parameters, 'app_id': self.app_id})}"
		now = email.utils.formatdate(time.time() + self.skew, usegmt=True)
		content_type = self.signed_headers.get("Content-Type", "")
		text = f"{content_type},,{uri},{now}"
		mac = base64.b64encode(hmac.new(self.secret.encode(), text.encode(), self.digest).digest()).decode()
		headers = {
			"Accept": f"application/vnd.kipusystems+json; version={self.version}",
			"Authorization": f"{self.scheme} {self.access_id}:{mac}",
			self.date_header: now,
			**self.signed_headers,
		}
		return self.raw("GET", uri, headers)

	def raw(
		self, method: str, uri: str, headers: dict[str, str], body: str | None = None
	) -> tuple[int, dict]:
		self.connection.request(method, uri, body, headers)
		response = self.connection.getresponse()
		return response.status, json.loads(response.read())

	def all(self, path: str, key: str, **parameters: str) -> list[dict]:
		records: list[dict] = []
		page = pages = 1
		while page <= pages:
			status, payload = self.get(path, page=str(page), per="50", **parameters)
			assert status == 200
			records += payload[key]
			pages = int(payload["pagination"]["total_pages"])
			page += 1
		return records
