// Retries of calls that were not answered, or answered with 429, 502, 503 or 504. A write gets an Idempotency-Key, the
// same at every attempt, so that it happens at most once.
import { type ApiError, buildError, ConnectionFailedError } from "./errors.js";

export const IDEMPOTENCY_KEY = "Idempotency-Key";
const SAFE_VERBS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
// Sent with 409 while the first request with the same key still runs.
const RETRIED_ERROR_TYPES: ReadonlySet<string> = new Set(["RequestRunningConflictError"]);
const MILLISECONDS = 1000;

/** How often and how long after each other a call is attempted. */
export interface RetryPolicy {
	/** Number of attempts, the first one included. */
	readonly attempts: number;
	/** Seconds before the second attempt; doubled before each further one, and shortened by chance. */
	readonly firstDelay: number;
	/** Longest delay in seconds. A site that asks for a longer one is not called again. */
	readonly maxDelay: number;
}

export const DEFAULT_POLICY: RetryPolicy = { attempts: 5, firstDelay: 0.5, maxDelay: 30 };

export interface SentRequest {
	readonly url: URL;
	readonly verb: string;
	readonly headers: Headers;
	readonly body: string | FormData | undefined;
}

/**
 * Send a request until it succeeds or an outcome is final, and return the response.
 *
 * @throws ApiError if the site refused the call, ConnectionFailedError if no reply arrived.
 */
export async function sendWithRetries(request: SentRequest, policy: RetryPolicy, timeout: number): Promise<Response> {
	addIdempotencyKey(request);
	for (let attempt = 1; ; attempt++) {
		const outcome = await attemptRequest(request, timeout);
		if (outcome instanceof Response) return outcome;
		const delay = computeDelay(policy, attempt, outcome);
		if (delay === undefined) {
			outcome.idempotencyKey = request.headers.get(IDEMPOTENCY_KEY) ?? undefined;
			throw outcome;
		}
		await new Promise((resolve) => setTimeout(resolve, delay * MILLISECONDS));
	}
}

/** Return the seconds until the next attempt; undefined where this outcome is the last one. */
export function computeDelay(
	policy: RetryPolicy,
	attempt: number,
	error: ApiError | ConnectionFailedError,
): number | undefined {
	if (attempt >= policy.attempts || !isRetryable(error)) return undefined;
	if (!(error instanceof ConnectionFailedError) && error.retryAfter !== undefined) {
		return error.retryAfter <= policy.maxDelay ? error.retryAfter : undefined;
	}
	const backoff = Math.min(policy.maxDelay, policy.firstDelay * 2 ** (attempt - 1));
	return backoff * (0.5 + Math.random() / 2);
}

function isRetryable(error: ApiError | ConnectionFailedError): boolean {
	if (error instanceof ConnectionFailedError) return true;
	return RETRIED_STATUSES.has(error.status) || (error.status === 409 && RETRIED_ERROR_TYPES.has(error.excType));
}

/** Give a write that has no key of its own a new one. */
function addIdempotencyKey({ verb, headers }: SentRequest): void {
	if (!SAFE_VERBS.has(verb) && !headers.has(IDEMPOTENCY_KEY)) headers.set(IDEMPOTENCY_KEY, crypto.randomUUID());
}

/** Return the complete response of a call that succeeded, or the error. */
async function attemptRequest(request: SentRequest, timeout: number): Promise<Response | ApiError | ConnectionFailedError> {
	try {
		const response = await fetch(request.url, {
			method: request.verb,
			headers: request.headers,
			redirect: "manual",
			signal: AbortSignal.timeout(timeout * MILLISECONDS),
			...(request.body === undefined ? {} : { body: request.body }),
		});
		// Read here: a connection may also break within the body.
		const content = await response.arrayBuffer();
		if (!response.ok) return buildError(response, new TextDecoder().decode(content));
		return new Response(content, { status: response.status, headers: response.headers });
	} catch (cause) {
		return new ConnectionFailedError(describeFailure(cause), { cause });
	}
}

function describeFailure(cause: unknown): string {
	if (!(cause instanceof Error)) return String(cause);
	return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
