// Walks over lists, page by page.
import { LISTS_HAVE_CURSORS } from "./errors.js";

export const LIST_METHOD = "frappe.client.get_list";
export const DEFAULT_PAGE_LENGTH = 100;
const FIRST_CURSOR = "*";

export type Parameters = Readonly<Record<string, unknown>>;

/** The reply of any method. */
export interface Reply {
	readonly data: unknown;
	readonly message: unknown;
	readonly exc: string;
	readonly [key: string]: unknown;
}

type Call = (method: string, parameters: Parameters) => Promise<Reply>;

/** Yield the reply of each page: by cursor where the site gives one, by offset otherwise. */
export async function* iteratePages(
	call: Call,
	method: string,
	parameters: Parameters,
	pageLength: number = DEFAULT_PAGE_LENGTH,
): AsyncGenerator<Reply, void, undefined> {
	let request: Parameters | undefined = { ...parameters, limit_page_length: pageLength };
	if (hasCursor(method, parameters)) request = { ...request, cursor: FIRST_CURSOR };
	while (request) {
		const reply: Reply = await call(method, request);
		yield reply;
		request = buildNextRequest(request, reply, pageLength);
	}
}

/**
 * Return the rows of a page: `data`, or the one list in it.
 *
 * @throws TypeError if the reply has no list, or several.
 */
export function findRows(reply: Reply): unknown[] {
	const lists = Array.isArray(reply.data) ? [reply.data] : Object.values(reply.data ?? {}).filter((value) => Array.isArray(value));
	const [rows] = lists;
	if (!rows || lists.length > 1) {
		throw new TypeError("This reply is no page of a list: use iteratePages and take the rows from its data.");
	}
	return rows;
}

/** Return true for a list to walk by cursor. Groups have no names, and so no cursors. */
function hasCursor(method: string, parameters: Parameters): boolean {
	return LISTS_HAVE_CURSORS && method === LIST_METHOD && !parameters.group_by && !("limit_start" in parameters);
}

/** Return the request of the next page; undefined after the last one. */
function buildNextRequest(request: Parameters, reply: Reply, pageLength: number): Parameters | undefined {
	if (reply.next_cursor) return { ...request, cursor: reply.next_cursor };
	if ("cursor" in request || findRows(reply).length < pageLength) return undefined;
	return { ...request, limit_start: Number(request.limit_start ?? 0) + pageLength };
}
