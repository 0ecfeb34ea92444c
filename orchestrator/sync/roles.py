"""The roles that may run the sync. They see no clients by themselves."""

SYNC_ROLES = ("System Manager", "Kipu Sync Manager")
