// The client of one site for one user.
import type { BodyOf, MethodName, QueryOf, ReplyOf, UploadForm, Verb } from "./operations.js";
import { DEFAULT_PAGE_LENGTH, findRows, iteratePages, LIST_METHOD, type Parameters, type Reply } from "./paging.js";
import { DEFAULT_POLICY, IDEMPOTENCY_KEY, type RetryPolicy, sendWithRetries } from "./retries.js";

const DEFAULT_TIMEOUT_SECONDS = 60;
// Without it, Frappe answers errors of undocumented methods with pages.
const ACCEPT = "application/json, */*;q=0.5";
const QUERY_VERBS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE"]);

export interface ClientOptions {
	/** Address of the site, such as https://erp.example.com. */
	readonly url: string;
	/** API key of the user. */
	readonly key: string;
	/** API secret of the user. */
	readonly secret: string;
	/** How often to attempt a call. */
	readonly retries?: Partial<RetryPolicy>;
	/** Seconds to wait for each reply. */
	readonly timeout?: number;
}

export interface CallOptions {
	/** A key of the caller's own for a write; a new one by default. */
	readonly idempotencyKey?: string;
}

/** The arguments of a call whose parameters may be left out where none is required. */
type Arguments<P> = Record<string, never> extends P ? [parameters?: P, options?: CallOptions] : [parameters: P, options?: CallOptions];

/**
 * Calls a site with an API key. Every method retries, and throws the errors of `errors`.
 */
export class Client {
	readonly #url: URL;
	readonly #authorization: string;
	readonly #policy: RetryPolicy;
	readonly #timeout: number;

	constructor({ url, key, secret, retries, timeout }: ClientOptions) {
		this.#url = new URL(url);
		this.#authorization = `token ${key}:${secret}`;
		this.#policy = { ...DEFAULT_POLICY, ...retries };
		this.#timeout = timeout ?? DEFAULT_TIMEOUT_SECONDS;
	}

	/** GET a documented method. Lists and objects in the query are written as JSON. */
	get<M extends MethodName<"get">>(method: M, ...rest: Arguments<QueryOf<"get", M>>): Promise<ReplyOf<"get", M>> {
		return this.#send("get", method, rest);
	}

	/** POST to a documented method. */
	post<M extends MethodName<"post">>(method: M, ...rest: Arguments<BodyOf<"post", M>>): Promise<ReplyOf<"post", M>> {
		return this.#send("post", method, rest);
	}

	/** PUT to a documented method. */
	put<M extends MethodName<"put">>(method: M, ...rest: Arguments<BodyOf<"put", M>>): Promise<ReplyOf<"put", M>> {
		return this.#send("put", method, rest);
	}

	/** DELETE by a documented method. */
	delete<M extends MethodName<"delete">>(method: M, ...rest: Arguments<QueryOf<"delete", M>>): Promise<ReplyOf<"delete", M>> {
		return this.#send("delete", method, rest);
	}

	/** Upload a file. */
	async upload(form: UploadForm, options?: CallOptions): Promise<ReplyOf<"post", "upload_file">> {
		const body = new FormData();
		for (const [name, value] of Object.entries(form)) {
			if (value !== undefined) body.append(name, value instanceof Blob ? value : String(value));
		}
		const response = await this.#request("POST", "upload_file", {}, body, options);
		return (await response.json()) as ReplyOf<"post", "upload_file">;
	}

	/** GET a method that answers with a file, such as orchestrator.docs.download. */
	download<M extends MethodName<"get">>(method: M, query: QueryOf<"get", M>): Promise<Response> {
		return this.#request("GET", method, query as Parameters);
	}

	/** Call any method by its name, without types. */
	async call(method: string, parameters: Parameters = {}, options?: CallOptions & { readonly verb?: Uppercase<Verb> }): Promise<Reply> {
		const verb = options?.verb ?? "POST";
		const response = QUERY_VERBS.has(verb)
			? await this.#request(verb, method, parameters, undefined, options)
			: await this.#request(verb, method, {}, JSON.stringify(parameters), options);
		return (await response.json()) as Reply;
	}

	/** Yield the records of a DocType that the caller may read, by name unless `order_by` is given. */
	async *iterateRecords<Row = Record<string, unknown>>(
		doctype: string,
		parameters: Parameters = {},
		pageLength: number = DEFAULT_PAGE_LENGTH,
	): AsyncGenerator<Row, void, undefined> {
		const order = parameters.group_by ? {} : { order_by: "name asc" };
		yield* this.iterateRows<Row>(LIST_METHOD, { doctype, ...order, ...parameters }, pageLength);
	}

	/** Yield the rows of all pages of a method that takes `limit_start` and `limit_page_length`. */
	async *iterateRows<Row = Record<string, unknown>>(
		method: string,
		parameters: Parameters = {},
		pageLength: number = DEFAULT_PAGE_LENGTH,
	): AsyncGenerator<Row, void, undefined> {
		for await (const page of this.iteratePages(method, parameters, pageLength)) yield* findRows(page) as Row[];
	}

	/** Yield the whole reply of each page. */
	iteratePages(
		method: string,
		parameters: Parameters = {},
		pageLength: number = DEFAULT_PAGE_LENGTH,
	): AsyncGenerator<Reply, void, undefined> {
		return iteratePages((name, request) => this.call(name, request), method, parameters, pageLength);
	}

	async #send<T>(verb: Verb, method: string, [parameters, options]: [unknown?, CallOptions?]): Promise<T> {
		const callOptions = { ...options, verb: verb.toUpperCase() as Uppercase<Verb> };
		return (await this.call(method, parameters as Parameters | undefined, callOptions)) as T;
	}

	#request(
		verb: string,
		method: string,
		query: Parameters,
		body?: string | FormData,
		options?: CallOptions,
	): Promise<Response> {
		const url = new URL(this.#url);
		url.pathname = `${url.pathname.replace(/\/$/, "")}/api/method/${method}`;
		url.search = buildQuery(query).toString();
		const headers = new Headers({ Authorization: this.#authorization, Accept: ACCEPT });
		if (typeof body === "string") headers.set("Content-Type", "application/json");
		if (options?.idempotencyKey) headers.set(IDEMPOTENCY_KEY, options.idempotencyKey);
		return sendWithRetries({ url, verb, headers, body }, this.#policy, this.#timeout);
	}
}

/** Return parameters as they stand in a query: lists and objects as JSON text, nothing for null. */
function buildQuery(parameters: Parameters): URLSearchParams {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters)) {
		if (value !== undefined && value !== null) query.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
	}
	return query;
}
