// Errors of calls, by HTTP status. The classes that the OpenAPI document names derive from these.

/** The JSON of a refusal. */
export interface ErrorBody {
	readonly exc?: unknown;
	readonly exc_type?: unknown;
	readonly request_id?: unknown;
}

/** A call that did not succeed. */
export class OrchestratorError extends Error {
	/** The key that the call was sent with. Sent again with it, a write happens at most once. */
	idempotencyKey: string | undefined;

	constructor(message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = new.target.name;
	}
}

/** No reply arrived. Whether a write was executed is unknown: repeat it with its `idempotencyKey`. */
export class ConnectionFailedError extends OrchestratorError {}

/** A call that was refused. */
export class ApiError extends OrchestratorError {
	/** The HTTP status. */
	readonly status: number;
	/** The class of the error on the site; empty where a proxy refused the call. */
	readonly excType: string;
	/** Finds the Error Log of the site, after an unexpected error. */
	readonly requestId: string | undefined;
	/** Seconds to wait before the next call, if the site says so. */
	readonly retryAfter: number | undefined;

	constructor(status: number, body: ErrorBody, retryAfter?: number, text?: string) {
		const excType = typeof body.exc_type === "string" ? body.exc_type : "";
		const exc = typeof body.exc === "string" ? body.exc : "";
		const prefix = `${excType}: `;
		super((exc.startsWith(prefix) ? exc.slice(prefix.length) : exc) || text || `HTTP status ${status}`);
		this.status = status;
		this.excType = excType;
		this.requestId = typeof body.request_id === "string" ? body.request_id : undefined;
		this.retryAfter = retryAfter;
	}
}

/** 304: the reply would be the one whose ETag was sent in If-None-Match. */
export class NotModifiedError extends ApiError {}

/** 400: the request is malformed. */
export class BadRequestError extends ApiError {}

/** 401: no or wrong credentials. */
export class UnauthorizedError extends ApiError {}

/** 403: no permission for the DocType or the action. */
export class ForbiddenError extends ApiError {}

/** 404: no such method, DocType or record, or none that the caller may read. */
export class NotFoundError extends ApiError {}

/** 405: the method answers other verbs. */
export class MethodNotAllowedError extends ApiError {}

/** 409: the present state of the record forbids the change. */
export class ConflictError extends ApiError {}

/** 412: the record has changed since it was read. */
export class PreconditionFailedError extends ApiError {}

/** 413: the file is larger than the site allows. */
export class ContentTooLargeError extends ApiError {}

/** 415: the site does not accept this type of body. */
export class UnsupportedMediaTypeError extends ApiError {}

/** 422: validation refused the data. */
export class UnprocessableContentError extends ApiError {}

/** 429: too many requests. */
export class RateLimitError extends ApiError {}

/** 5xx: the site could not do the work. With 502 and 504, of a proxy, whether a write was executed is unknown. */
export class ServerError extends ApiError {}

/** 503: the site is busy or in maintenance; nothing was written. */
export class ServiceUnavailableError extends ServerError {}

const ERROR_BY_STATUS: Readonly<Record<number, typeof ApiError>> = {
	304: NotModifiedError,
	400: BadRequestError,
	401: UnauthorizedError,
	403: ForbiddenError,
	404: NotFoundError,
	405: MethodNotAllowedError,
	409: ConflictError,
	412: PreconditionFailedError,
	413: ContentTooLargeError,
	415: UnsupportedMediaTypeError,
	422: UnprocessableContentError,
	429: RateLimitError,
	503: ServiceUnavailableError,
};
const FIRST_SERVER_ERROR = 500;

/** Return the class of a status. */
export function getStatusClass(status: number): typeof ApiError {
	return ERROR_BY_STATUS[status] ?? (status >= FIRST_SERVER_ERROR ? ServerError : ApiError);
}
