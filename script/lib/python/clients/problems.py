"""What keeps script/clients from its work."""

# README.md lists the exit codes of all scripts.
EXIT_USAGE = 2
EXIT_REGISTRY = 15
EXIT_NODE = 18


class ClientsError(Exception):
	"""The command cannot go on; the message says what to do."""

	def __init__(self, message: str, exit_code: int = EXIT_USAGE) -> None:
		super().__init__(message)
		self.exit_code = exit_code
