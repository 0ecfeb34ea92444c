"""A server of the Model Context Protocol (MCP): AI assistants call endpoints of this app as tools.

It speaks the Streamable HTTP transport without sessions: one JSON-RPC message a request, one JSON reply. The endpoint is
`server.handle_message`, under the name `orchestrator.mcp`. See docs/mcp.md.
"""
