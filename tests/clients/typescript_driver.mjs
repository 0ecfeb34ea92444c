// Runs commands with the generated TypeScript client: reads a line of JSON for each, and writes what it gave.
// Argument: the folder of the package.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Client, errors } = await import(pathToFileURL(`${process.argv[2]}/dist/index.js`).href);

async function runOperation(client, { verb, method, query, body, is_download: isDownload, is_upload: isUpload, idempotency_key: idempotencyKey }) {
	if (isDownload) return (await client.download(method, query)).text();
	if (isUpload) {
		return client.upload({ ...body, file: new File([body.file], "contract.txt") }, { idempotencyKey });
	}
	return client[verb.toLowerCase()](method, body ?? query, { idempotencyKey });
}

async function collect(rows) {
	const found = [];
	for await (const row of rows) found.push(row);
	return found;
}

const actions = {
	operation: runOperation,
	call: (client, { verb, method, parameters, idempotency_key: idempotencyKey }) => client.call(method, parameters, { verb, idempotencyKey }),
	parallel: (client, { calls }) => Promise.all(calls.map((command) => actions.call(client, command))),
	records: (client, { doctype, parameters, page_length }) => collect(client.iterateRecords(doctype, parameters, page_length)),
	rows: (client, { method, parameters, page_length }) => collect(client.iterateRows(method, parameters, page_length)),
};

function describe(error) {
	const classes = [];
	for (let cls = error.constructor; cls !== Error; cls = Object.getPrototypeOf(cls)) classes.push(cls.name);
	const described = { classes, idempotency_key: error.idempotencyKey ?? null, text: error.message };
	if (!(error instanceof errors.ApiError)) return described;
	const { status, excType, requestId, retryAfter } = error;
	return { ...described, status, exc_type: excType, request_id: requestId ?? null, retry_after: retryAfter ?? null };
}

async function run({ action, url, token: [key, secret], attempts, max_delay: maxDelay, ...command }) {
	const client = new Client({ url, key, secret, retries: { attempts, maxDelay, firstDelay: 0.01 } });
	try {
		return { value: (await actions[action](client, command)) ?? null };
	} catch (error) {
		if (error instanceof errors.OrchestratorError) return { error: describe(error) };
		return { error: { classes: [], text: error.stack } }; // what no client may throw
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
