// All errors of calls: those by status, and those that the site's OpenAPI document names.
import { ERROR_BY_TYPE } from "./generated/contract.js";
import { type ApiError, type ErrorBody, getStatusClass } from "./statuses.js";

export * from "./generated/contract.js";
export * from "./statuses.js";

const MAX_TEXT_LENGTH = 200;
const MILLISECONDS = 1000;

/** Return the error of a reply that refuses the call, of the most precise class. */
export function buildError(response: Response, text: string): ApiError {
	const body = parseBody(text);
	const statusClass = getStatusClass(response.status);
	const named = typeof body?.exc_type === "string" ? ERROR_BY_TYPE[body.exc_type] : undefined;
	const isPrecise = named !== undefined && named.prototype instanceof statusClass;
	const cls = isPrecise ? named : statusClass;
	return new cls(response.status, body ?? {}, parseRetryAfter(response), body ? "" : text.slice(0, MAX_TEXT_LENGTH).trim());
}

/** Return the seconds of the header Retry-After, which has a number or a date; undefined without one. */
export function parseRetryAfter(response: Response): number | undefined {
	const text = response.headers.get("Retry-After") ?? "";
	if (/^\d+$/.test(text)) return Number(text);
	const moment = Date.parse(text);
	return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / MILLISECONDS);
}

/** Return the reply's JSON object; undefined where a proxy answered with something else. */
function parseBody(text: string): ErrorBody | undefined {
	try {
		const body: unknown = JSON.parse(text);
		return typeof body === "object" && body !== null && !Array.isArray(body) ? body : undefined;
	} catch {
		return undefined;
	}
}
