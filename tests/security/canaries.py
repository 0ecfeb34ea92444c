"""Values that nobody can guess: each is planted in one field and searched for in everything that leaves the
site.
"""

import base64
import binascii
import gzip
import re
import secrets
import string
from dataclasses import dataclass, field, replace

MARKER = "Zq" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
NUMBER = str(secrets.randbelow(9 * 10**7) + 10**7)
TOKEN = re.compile(MARKER.lower() + r"[0-9a-f]{6}")
AMOUNT = re.compile(NUMBER + r"\d{3}")
BASE64 = re.compile(r"[A-Za-z0-9+/\n\r]{40,}={0,2}")


@dataclass(frozen=True)
class ClientRecord:
	"""A record of a client, as the access log names it, and the consent by which a recipient outside may have it.

	The consent is empty where none covers the record.
	"""

	doctype: str
	name: str
	client: str
	consent: str = ""


@dataclass(frozen=True)
class Canary:
	"""A planted value and its field. `record` is set where a recipient outside may ask for the client."""

	value: str
	doctype: str
	fieldname: str
	level: int = 0
	record: ClientRecord | None = None

	@property
	def place(self) -> str:
		return f"{self.doctype}.{self.fieldname}"


@dataclass
class Canaries:
	"""All planted values, by the text that is searched for."""

	by_value: dict[str, Canary] = field(default_factory=dict)

	def text(self, doctype: str, fieldname: str, level: int = 0) -> str:
		"""Return a new text for a field."""
		value = MARKER + secrets.token_hex(3)
		self.by_value[value.lower()] = Canary(value, doctype, fieldname, level)
		return value

	def amount(self, doctype: str, fieldname: str, level: int = 0) -> float:
		"""Return a new amount of money for a field."""
		value = NUMBER + str(100 + len(self.by_value))
		self.by_value[value] = Canary(value, doctype, fieldname, level)
		return float(value)

	def date(self, doctype: str, fieldname: str, level: int = 0) -> str:
		"""Return a new day, of a year that no other record has."""
		value = f"19{secrets.randbelow(8) + 10}-{secrets.randbelow(12) + 1:02}-{secrets.randbelow(28) + 1:02}"
		if value in self.by_value:
			return self.date(doctype, fieldname, level)
		self.by_value[value] = Canary(value, doctype, fieldname, level)
		return value

	def register(self, value: str, doctype: str, fieldname: str, level: int = 0) -> None:
		"""Search for a value that the site made itself."""
		self.by_value[value.lower()] = Canary(value, doctype, fieldname, level)

	def list_since(self, count: int) -> list[Canary]:
		"""Return the values that were planted after the first `count`."""
		return list(self.by_value.values())[count:]

	def assign(self, canary: Canary, record: ClientRecord) -> None:
		"""Note to which record of a client a value belongs."""
		self.by_value[canary.value.lower()] = replace(canary, record=record)

	def find(self, content: bytes | str) -> list[Canary]:
		"""Return the planted values in `content`, those in compressed, quoted or Base64 parts too."""
		text = unpack(content).lower()
		found = set(TOKEN.findall(text))
		if NUMBER in (plain := text.replace(",", "")):
			found.update(AMOUNT.findall(plain))
		found.update(value for value in self._other if value in text)
		return [self.by_value[value] for value in sorted(found) if value in self.by_value]

	@property
	def _other(self) -> list[str]:
		return [value for value in self.by_value if not value.startswith((MARKER.lower(), NUMBER))]


def unpack(content: bytes | str) -> str:
	"""Return the text of a reply, decompressed, with its decoded base64 parts appended."""
	if isinstance(content, bytes):
		if content.startswith(b"\x1f\x8b"):
			content = gzip.decompress(content)
		if content.startswith(b"PK"):
			content = b"".join(_members(content))
		content = content.decode("utf-8", "replace")
	return content + "".join(_decoded(part) for part in BASE64.findall(content)[:50])


def _members(archive: bytes) -> list[bytes]:
	import io
	import zipfile

	with zipfile.ZipFile(io.BytesIO(archive)) as members:
		return [members.read(name) for name in members.namelist()]


def _decoded(part: str) -> str:
	try:
		return base64.b64decode(part, validate=False).decode("utf-8", "ignore")
	except (binascii.Error, ValueError):
		return ""
