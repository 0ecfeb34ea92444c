// The types of a call, from those of the OpenAPI document.
import type { paths } from "./generated/schema.js";

export type Verb = "get" | "post" | "put" | "delete";

type PathOf<M extends string> = `/api/method/${M}` & keyof paths;

/** The methods that answer a verb. */
export type MethodName<V extends Verb> = {
	[P in keyof paths]: P extends `/api/method/${infer M}`
		? paths[P] extends Record<V, { responses: unknown }>
			? M
			: never
		: never;
}[keyof paths];

type Operation<V extends Verb, M extends string> = paths[PathOf<M>] extends Record<V, infer O> ? O : never;

type JsonValue = readonly unknown[] | { readonly [key: string]: unknown };

// Lists and objects stand in a query as JSON text: the client writes it.
type Widened<T> = { [K in keyof T]: string extends NonNullable<T[K]> ? T[K] | JsonValue : T[K] };

type NoParameters = Record<string, never>;

/** The query of a method. */
export type QueryOf<V extends Verb, M extends string> =
	Operation<V, M> extends { parameters: { query?: infer Q } }
		? [NonNullable<Q>] extends [never]
			? NoParameters
			: Widened<NonNullable<Q>>
		: NoParameters;

/** The JSON body of a method. */
export type BodyOf<V extends Verb, M extends string> =
	Operation<V, M> extends { requestBody: { content: { "application/json": infer B } } } ? B : NoParameters;

type Responses<O> = O extends { responses: infer R } ? R : never;
type Success<R> = R extends { 200: infer A; 201: infer B } ? A | B : R extends { 200: infer A } ? A : R extends { 201: infer B } ? B : never;

/** The reply of a method that succeeded. */
export type ReplyOf<V extends Verb, M extends string> =
	Success<Responses<Operation<V, M>>> extends { content: { "application/json": infer C } } ? C : never;

/** The form of an upload. */
export type UploadForm = paths["/api/method/upload_file"]["post"] extends {
	requestBody?: { content: { "multipart/form-data": infer F } };
}
	? Omit<F, "file"> & { file?: Blob }
	: never;
