// Calls tools with the client of the official MCP SDK and prints what each step gave, as JSON.
// Arguments: address of the server, Authorization header, tools to call as JSON ([[name, arguments], …]), folder with node_modules.
import { createRequire } from "node:module";

const [address, authorization, calls, modules] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { Client } = load("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = load("@modelcontextprotocol/sdk/client/streamableHttp.js");

const client = new Client({ name: "orchestrator-tests", version: "1.0.0" });
const transport = new StreamableHTTPClientTransport(new URL(address), {
	requestInit: { headers: { Authorization: authorization } },
});
const results = { calls: [] };
try {
	await client.connect(transport);
	results.server = client.getServerVersion();
	results.instructions = client.getInstructions();
	await client.ping();
	results.tools = (await client.listTools()).tools;
	for (const [name, args] of JSON.parse(calls)) {
		try {
			results.calls.push(await client.callTool({ name, arguments: args }));
		} catch (error) {
			results.calls.push({ protocolError: error.code });
		}
	}
	await client.close();
} catch (error) {
	results.failure = String(error.message ?? error);
}
console.log(JSON.stringify(results));
