"""A local Kipu: a real HTTP server with invented people, for trying the sync and for testing it with every
fault.

It serves any correct client of Kipu's API. Start it with `python -m orchestrator.kipu_simulator`, or from a
test with `server.Simulator`. It shares no code with this app's client, so that it does not repeat the
client's mistakes.
"""
