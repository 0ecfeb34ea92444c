"""A caller of a sweep: who it is, and which planted values it may see."""

from dataclasses import dataclass, field

from tests.security.canaries import Canary, ClientRecord
from tests.security.planting import World


@dataclass
class Caller:
	"""A user and the planted values that they may read: DocType -> highest permission level."""

	key: str
	user: str
	may_read: dict[str, int] = field(default_factory=dict)
	# Of a recipient outside the organisation: its API key, and the clients whom it may ask for
	api_key: str = ""
	authorization: str = ""
	recipient: str = ""
	records: dict[tuple[str, str], ClientRecord] = field(default_factory=dict)
	worlds: list[World] = field(default_factory=list)

	def may_see(self, canary: Canary) -> bool:
		if self.api_key and canary.record:
			return bool(canary.record.consent)
		return canary.level <= self.may_read.get(canary.doctype, -1)
